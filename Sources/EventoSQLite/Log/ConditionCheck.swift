internal import Evento
internal import EventoStorage

/// Checks whether an event matches a write's condition.
struct ConditionCheck {
  let connection: Connection
  let symbols: SymbolTable
  let condition: WriteCondition

  /// The maximum number of events that are scanned instead of indexes, because a type can need many index scans. While
  /// hundreds of writes with such conditions wait, each of them finds the events of those before it.
  private var scannedEvents: Int64 { Int64(LogScan.maximumScans(condition.failIfEventsMatch) / 2) }

  /// Returns whether an event between a position and the end of the log matches.
  func hasMatch(after position: Int64, end: Int64) throws(SQLiteFailure) -> Bool {
    let filters = condition.failIfEventsMatch
    if LogScan.isCheaper(for: end - position, filters: filters.count) || end - position <= scannedEvents {
      let scan = LogScan(connection: connection, symbols: symbols)
      return try !scan.positions(after: position, filters, .all, limit: 1).isEmpty
    }
    for scan in try symbols.scans(filters, .all) {
      var merge = KWayMerge([scan], from: position, .forward, count: 1, on: connection)
      if try merge.next() != nil { return true }
    }
    return false
  }
}

/// The result of a reader's check of a write's condition, before the writer's turn.
///
/// All other writes wait while the writer checks a condition, so a reader makes the expensive checks. The writer then
/// only checks the events that were committed since: the log only grows, so the result up to a position can't change.
struct ConditionPrecheck: Sendable {
  /// The position of the last event that was checked.
  let position: Int64
  let hasMatch: Bool

  /// Returns whether a condition can take so long to check that a reader must check it first.
  static func isNeeded(for condition: WriteCondition) -> Bool {
    LogScan.maximumScans(condition.failIfEventsMatch) > maximumScansOfWriter
  }

  /// The maximum number of index scans for a check by the writer alone. They take a tenth of a millisecond: one filter
  /// by type, or by aggregate and name, and a few others.
  private static let maximumScansOfWriter = 40

  /// Returns `nil` if the condition's cursor is not in history. The writer reports that in its turn.
  init?(_ condition: WriteCondition, on connection: Connection, _ symbols: SymbolTable) throws {
    let found = try connection.snapshot { () throws -> (position: Int64, hasMatch: Bool)? in
      var start: Int64 = 0
      if let cursor = condition.after {
        guard let position = LogPosition(cursor), try connection.isInHistory(position) else { return nil }
        start = position.position
      }
      let end = try connection.logEnd().position
      let check = ConditionCheck(connection: connection, symbols: symbols, condition: condition)
      return (end, try check.hasMatch(after: start, end: end))
    }
    guard let found else { return nil }
    (position, hasMatch) = found
  }
}
