internal import Evento

/// Finds out whether a write was stored before.
struct ResendCheck {
  let connection: Connection
  let catalog: Catalog
  let pending: PendingRows

  enum Outcome {
    /// No id of it is stored.
    case new
    /// All of it is stored, with the same content: what was answered then.
    case resend([WrittenEvent])
    /// Neither.
    case duplicate(EventoError)
  }

  func outcome(of events: [NewEvent]) throws(SQLiteFailure) -> Outcome {
    guard events.contains(where: { $0.id != nil }) else { return .new }
    var seen: Set<ULID> = []
    var repeated: Int?
    var stored: [Edge<Event>?] = []
    for (index, event) in events.enumerated() {
      guard let id = event.id else {
        stored.append(nil)
        continue
      }
      if !seen.insert(id).inserted, repeated == nil { repeated = index }
      if pending.hasEvent(id) { try pending.flush() }
      stored.append(try EventRow.find(id, on: connection, catalog))
    }
    let isAllStored = stored.allSatisfy { $0 != nil }
    for (index, event) in events.enumerated() {
      guard let id = event.id else { continue }
      if let edge = stored[index] {
        if !event.isStored(as: edge.node) { return .duplicate(.duplicateEvent(id, Self.otherContent)) }
        if !isAllStored { return .duplicate(.duplicateEvent(id, Self.partly)) }
      }
      if index == repeated { return .duplicate(.duplicateEvent(id, Self.repeated)) }
    }
    return isAllStored ? .resend(stored.compactMap { $0.map(WrittenEvent.init) }) : .new
  }

  private static let otherContent =
    "is stored already, with other content: give a new event an id of its own, and send an old one again unchanged"
  private static let partly =
    "is stored already, but not all of this request: send a write again just as it was sent before, or only what is new"
  private static let repeated = "stands in this request twice: give each event an id of its own"
}

extension WrittenEvent {
  fileprivate init(_ edge: Edge<Event>) {
    let event = edge.node
    self.init(
      id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: event.version,
      routingKey: event.routingKey, timestamp: event.timestamp, cursor: edge.cursor)
  }
}
