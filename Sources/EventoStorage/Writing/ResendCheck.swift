internal import Evento

/// Checks whether a write is already stored.
struct ResendCheck {
  private let lookup: any LogLookup

  init(_ lookup: any LogLookup) {
    self.lookup = lookup
  }

  enum Outcome {
    /// None of its ids is stored.
    case new
    /// All of its events are stored with the same content. It has the result of the first write.
    case resend([WrittenEvent])
    /// Neither: an id occurs twice, only some of its ids are stored, or the content differs.
    case duplicate(EventoError)
  }

  func outcome(of events: [NewEvent]) throws -> Outcome {
    guard events.contains(where: { $0.id != nil }) else { return .new }
    let repeated = Self.indexOfRepeatedID(in: events)
    let (stored, isAllStored) = try findStored(events)
    guard let stored else {
      guard let repeated, let id = events[repeated].id else { return .new }
      return .duplicate(.duplicateEvent(id, Explanation.repeated))
    }
    var written: [WrittenEvent] = []
    for index in stored..<events.count {
      guard let id = events[index].id else { continue }
      if let repeated, repeated <= index {
        return .duplicate(.duplicateEvent(events[repeated].id ?? id, Explanation.repeated))
      }
      guard let event = try lookup.storedEvent(events[index], id) else {
        return .duplicate(.duplicateEvent(id, Explanation.otherContent))
      }
      guard isAllStored else { return .duplicate(.duplicateEvent(id, Explanation.partly)) }
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
  private func findStored(_ events: [NewEvent]) throws -> (first: Int?, isAll: Bool) {
    var first: Int?
    var isAll = true
    for index in events.indices {
      if let id = events[index].id, try lookup.isStored(id) {
        first = first ?? index
      } else {
        isAll = false
      }
      if first != nil, !isAll { break }
    }
    return (first, isAll)
  }
}

/// The ends of the sentence after "Event …".
private enum Explanation {
  static let otherContent =
    "is already stored with different content, or its content was erased. Use a new id for a new event, or resend the "
    + "stored one unchanged"
  static let partly =
    "is already stored, but other events of this request are not. Resend a write unchanged, or send only the new events"
  static let repeated = "occurs twice in this request. Give each event its own id"
}
