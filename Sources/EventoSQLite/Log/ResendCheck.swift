internal import Evento

/// Checks whether a write is already stored.
///
/// It reads no more stored bytes than the request has: ids are looked up in the index alone, and a payload is read only
/// if it is as long as the one in the request.
struct ResendCheck {
  let connection: Connection
  let symbols: SymbolTable
  let pending: InsertBuffer

  enum Outcome {
    /// None of its ids is stored.
    case new
    /// All of its events are stored with the same content. It has the result of the first write.
    case resend([WrittenEvent])
    /// Neither: an id occurs twice, only some of its ids are stored, or the content differs.
    case duplicate(EventoError)
  }

  func outcome(of events: [NewEvent]) throws(SQLiteFailure) -> Outcome {
    guard events.contains(where: { $0.id != nil }) else { return .new }
    let repeated = Self.indexOfRepeatedID(in: events)
    let (stored, isAllStored) = try findStored(events)
    guard let stored else {
      guard let repeated, let id = events[repeated].id else { return .new }
      return .duplicate(.duplicateEvent(id, Self.repeated))
    }
    var written: [WrittenEvent] = []
    for index in stored..<events.count {
      guard let id = events[index].id else { continue }
      if let repeated, repeated <= index {
        return .duplicate(.duplicateEvent(events[repeated].id ?? id, Self.repeated))
      }
      guard let event = try storedEvent(events[index], id) else {
        return .duplicate(.duplicateEvent(id, Self.otherContent))
      }
      guard isAllStored else { return .duplicate(.duplicateEvent(id, Self.partly)) }
      written.append(event)
    }
    return .resend(written)
  }

  /// Returns the index of the first event with the id of an earlier one.
  private static func indexOfRepeatedID(in events: [NewEvent]) -> Int? {
    var seen: Set<ULID> = []
    return events.firstIndex { event in event.id.map { !seen.insert($0).inserted } ?? false }
  }

  /// Returns the index of the first stored event, and whether all are stored. It stops as soon as both are known.
  private func findStored(_ events: [NewEvent]) throws(SQLiteFailure) -> (first: Int?, isAll: Bool) {
    var first: Int?
    var isAll = true
    for index in events.indices {
      if let id = events[index].id, try isStored(id) {
        first = first ?? index
      } else {
        isAll = false
      }
      if first != nil, !isAll { break }
    }
    return (first, isAll)
  }

  private func isStored(_ id: ULID) throws(SQLiteFailure) -> Bool {
    if pending.hasEvent(id) { try pending.flush() }
    return try connection.integer("SELECT 1 FROM event WHERE id = ?1", .blob(id.blob)) != nil
  }

  /// Returns the result of the first write of the event; `nil` if the stored event has other content.
  private func storedEvent(_ event: NewEvent, _ id: ULID) throws(SQLiteFailure) -> WrittenEvent? {
    // The length of a blob is in the row's header, so that a blob on overflow pages is not read for it
    // (https://sqlite.org/fileformat2.html#record_format).
    let lengths = "ifnull(length(metadata), 0), length(data)"
    let row = try connection.statement("SELECT \(EventRow.columnsWithoutContent), \(lengths) FROM event WHERE id = ?1")
    defer { row.reset() }
    try row.bind(1, id.blob)
    guard try row.step() else { return nil }
    let metadata = event.metadata.isEmpty ? [] : event.metadata.bytes
    guard row.integer(11) == Int64(metadata.count), row.integer(12) == Int64(event.data.bytes.count) else { return nil }
    let position = EventRow.position(row)
    let written = try EventRow.withView(row, at: position, symbols) { stored in
      event.agrees(with: stored)
        ? WrittenEvent(
          id: id, aggregatorType: stored.aggregatorType, aggregatorID: stored.aggregatorID, version: stored.version,
          routingKey: stored.routingKey, timestamp: stored.timestamp, cursor: position.cursor)
        : nil
    }
    guard let written else { return nil }
    let hasSameContent = try connection.first(
      "SELECT metadata, data FROM event WHERE position = ?1", .integer(position.position)
    ) { row in row.bytes(0).isExactly(metadata) && row.bytes(1).isExactly(event.data.bytes) }
    return hasSameContent == true ? written : nil
  }

  private static let otherContent =
    "is already stored with different content. Use a new id for a new event, or resend the stored one unchanged"
  private static let partly =
    "is already stored, but other events of this request are not. Resend a write unchanged, or send only the new events"
  private static let repeated = "occurs twice in this request. Give each event its own id"
}
