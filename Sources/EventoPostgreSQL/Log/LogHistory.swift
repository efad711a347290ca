internal import Evento
internal import EventoStorage

/// The ends of the log, and the commit at one position, as of one moment.
struct LogHistory {
  /// The position before the first event.
  let start: LogPosition
  /// The position of the last event.
  let end: LogPosition
  /// The requested position; `nil` if the log does not have it.
  private let found: LogPosition?

  /// - Parameter position: The position of a cursor, if there is one to check.
  static func query(_ position: LogPosition? = nil) -> EventQuery {
    EventQuery(statement: statement, parameters: [.int8(position?.position ?? 0)])
  }

  private static let statement = Statement(
    "SELECT origin, position, commit_id, (SELECT commit_id FROM event WHERE event.position = $1), $1 FROM store", .int8)

  /// Reads the result of ``query(_:)``.
  init(_ rows: QueryResult) throws {
    guard rows.rowCount == 1 else { throw EventoError.damaged(cause: "store has \(rows.rowCount) rows") }
    start = LogPosition(position: 0, commitID: rows.integer(0, 0))
    let end = LogPosition(position: rows.integer(0, 1), commitID: rows.integer(0, 2))
    self.end = end.position == 0 ? start : end
    let position = rows.integer(0, 4)
    found =
      position == 0
      ? start : rows.isNull(0, 3) ? nil : LogPosition(position: position, commitID: rows.integer(0, 3))
  }

  /// Returns the condition that the log has a position, in SQL. It is NULL or false if it has not.
  static func condition(_ position: String, _ commitID: String) -> String {
    """
    \(commitID) = CASE WHEN \(position) = 0 THEN (SELECT origin FROM store)
      ELSE (SELECT event.commit_id FROM event WHERE event.position = \(position)) END
    """
  }

  /// The commit ID at the position of `row`, in SQL, whose `event` is joined. NULL for the beginning.
  static let commitIDOfRow =
    "CASE WHEN row.position = 0 THEN (SELECT origin FROM store) ELSE event.commit_id END"

  /// Returns the condition that the log has all positions of an array, in SQL.
  static func hasAll(of positions: String) -> String {
    """
    NOT EXISTS (
      SELECT FROM unnest(\(positions)) AS given (position)
      WHERE given.position <> 0 AND NOT EXISTS (SELECT FROM event WHERE event.position = given.position)
    )
    """
  }

  /// - Throws: `cursor_not_in_history` if the log does not have the position for which this was read.
  func check(_ position: LogPosition) throws(EventoError) {
    guard found == position else { throw .cursorNotInHistory() }
  }
}

extension LogPosition {
  /// Returns the position of a cursor, which need not be in the log.
  ///
  /// - Throws: `cursor_not_in_history` if it can't be a position of any log.
  init(named cursor: Cursor) throws(EventoError) {
    guard let position = LogPosition(cursor) else { throw .cursorNotInHistory() }
    self = position
  }
}
