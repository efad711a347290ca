package import Evento

/// Damage in a database that a reader has found.
package enum Damage: Sendable {
  /// An event does not have the checksum that is stored with it.
  case event(LogPosition)
  /// Some positions before an event have none.
  case missing(ClosedRange<Int64>, before: LogPosition)
  /// The log does not begin with its first event.
  case beginning(missing: ClosedRange<Int64>)
  /// An index does not lead to the events that it should lead to.
  case index
  /// A snapshot does not have the checksum that is stored with it.
  case snapshot

  /// The text for a caller.
  package var detail: String {
    switch self {
    case .event(let position):
      "Event \(position.position) of the log is damaged. Restore the latest backup, or read on without it after the cursor "
        + "\(position.cursor)."
    case .missing(let range, let next):
      "\(range.count == 1 ? "Event \(range.lowerBound)" : "Events \(range.lowerBound) to \(range.upperBound)") of the log "
        + "\(range.count == 1 ? "is" : "are") missing. Restore the latest backup, or read on after the next one, event "
        + "\(next.position), with the cursor \(next.cursor)."
    case .beginning(let range):
      "Events \(range.lowerBound) to \(range.upperBound) of the log are missing. Restore the latest backup."
    case .index: "An index of the database is damaged. Restore the latest backup."
    case .snapshot: "The snapshot is damaged. Delete it, or restore the latest backup."
    }
  }

  /// Returns the cursor in the text of such an error, after which a reader can continue.
  package static func cursorAfter(_ detail: String) -> Cursor? {
    // The last word that is one.
    for word in detail.split(whereSeparator: { " .".contains($0) }).reversed() {
      if let cursor = try? Cursor(parsing: String(word)) { return cursor }
    }
    return nil
  }

  /// The finding, for a log.
  package var summary: String {
    switch self {
    case .event(let position): "event \(position.position) does not have its checksum"
    case .missing(let range, let next):
      "positions \(range.lowerBound) to \(range.upperBound), before event \(next.position), have no event"
    case .beginning(let range): "positions \(range.lowerBound) to \(range.upperBound), of the beginning, have no event"
    case .index: "an index does not agree with the log"
    case .snapshot: "a snapshot does not have its checksum"
    }
  }

  package func error(cause: String) -> EventoError {
    EventoError(.damaged, detail, cause: cause)
  }
}
