internal import Evento
internal import EventoStorage

// The history of the log, with which a cursor is compared.
extension Connection {
  /// Returns the position before the first event.
  func logStart() throws(SQLiteFailure) -> LogPosition {
    LogPosition(position: 0, commitID: try integer("SELECT origin FROM store") ?? 0)
  }

  /// Returns the position of the last event.
  func logEnd() throws(SQLiteFailure) -> LogPosition {
    let last = try first("SELECT position, tag FROM event ORDER BY position DESC LIMIT 1") { row in
      LogPosition(position: row.integer(0), commitID: row.integer(1))
    }
    if let last { return last }
    return try logStart()
  }

  /// Returns the position of a cursor.
  ///
  /// - Throws: `cursor_not_in_history` if this store's log has no such position.
  func position(of cursor: Cursor) throws -> LogPosition {
    guard let position = LogPosition(cursor), try isInHistory(position) else { throw EventoError.cursorNotInHistory() }
    return position
  }

  /// Returns the position of this store with as many events before it as that of another store's cursor.
  ///
  /// - Throws: `cursor_not_in_history` if this store's log is shorter.
  func position(likeThatOf cursor: Cursor) throws -> LogPosition {
    guard let count = LogPosition(cursor)?.position else { throw EventoError.cursorNotInHistory() }
    if count == 0 { return try logStart() }
    guard let commitID = try commitID(ofEvent: count) else { throw EventoError.cursorNotInHistory() }
    return LogPosition(position: count, commitID: commitID)
  }

  /// Returns whether this store's log has a position.
  func isInHistory(_ position: LogPosition) throws(SQLiteFailure) -> Bool {
    let commitID = position.position == 0 ? try logStart().commitID : try commitID(ofEvent: position.position)
    return commitID == position.commitID
  }

  /// - Returns: `nil` if there is no event at the position.
  func commitID(ofEvent position: Int64) throws(SQLiteFailure) -> Int64? {
    try integer("SELECT tag FROM event WHERE position = ?1", .integer(position))
  }
}
