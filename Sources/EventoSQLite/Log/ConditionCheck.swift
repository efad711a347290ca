internal import Evento

/// Finds an event that matches a write's condition.
struct ConditionCheck {
  let connection: Connection
  let catalog: Catalog
  let condition: WriteCondition

  /// Returns the position of a matching event between a place and the end of the log, or `nil` if there is none.
  func match(after place: Int64, end: Int64) throws(SQLiteFailure) -> Int64? {
    let filters = condition.failIfEventsMatch
    if LogScan.pays(for: end - place, filters: filters.count) {
      return try LogScan(connection: connection, catalog: catalog).positions(after: place, filters, .all, limit: 1)
        .first
    }
    for source in try catalog.sources(filters, .all) {
      var merge = PositionMerge([source], from: place, .forward, count: 1, on: connection)
      if let position = try merge.next() { return position }
    }
    return nil
  }
}

/// The result of a reader's check of a write's condition, before the writer's turn.
///
/// All other writes wait while the writer checks a condition, so a reader makes the expensive checks. The writer then only
/// checks the events that were committed since: the log only grows, so neither a match nor its absence up to a place can
/// change.
struct ConditionLook: Sendable {
  /// The place of a matching event; or the end of the log, up to which no event matches.
  let place: LogPosition
  let hasMatch: Bool

  /// Whether a condition can take so long to check that a reader checks it first.
  static func isNeeded(for condition: WriteCondition) -> Bool {
    LogScan.mostScans(condition.failIfEventsMatch) > mostScansOfWriter
  }

  /// These take a tenth to a quarter of a millisecond. Three filters by type need at most 99.
  private static let mostScansOfWriter = 100

  /// Returns `nil` if the condition's cursor is not in history. The writer reports that in its turn.
  init?(_ condition: WriteCondition, on connection: Connection, _ catalog: Catalog) throws {
    let found = try connection.snapshot { () throws -> (place: LogPosition, hasMatch: Bool)? in
      var start: Int64 = 0
      if let cursor = condition.after {
        guard let place = LogPosition(cursor), try connection.isInHistory(place) else { return nil }
        start = place.position
      }
      let end = try connection.logEnd()
      let check = ConditionCheck(connection: connection, catalog: catalog, condition: condition)
      guard let match = try check.match(after: start, end: end.position) else { return (end, false) }
      return (LogPosition(position: match, tag: try connection.tag(ofEvent: match) ?? 0), true)
    }
    guard let found else { return nil }
    (place, hasMatch) = found
  }
}
