internal import Evento

/// A position in the log: the number of events up to it, and the ID of the last one's commit.
///
/// The ID is a random number for each commit. A store that was restored from a backup and has grown again has other
/// commits at the same positions, even if clients sent the same events again, and so other IDs: a cursor of the lost
/// history is never valid in the new one. The position before the first event has an ID too, chosen when the store is
/// created, so that even the cursors of empty stores differ.
struct LogPosition: Equatable {
  let position: Int64
  let commitID: Int64

  /// Returns a random ID of 48 bits, which SQLite stores in six bytes.
  static func freshCommitID() -> Int64 {
    Int64.random(in: 0..<1 << 48)
  }

  var cursor: Cursor { withContent { Cursor(content: $0) } }

  /// Calls `body` with the text of the cursor, which is valid only during the call.
  func withCursorText<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    withUnsafeTemporaryAllocation(byteCount: Cursor.maximumLength, alignment: 1) { text in
      let length = withContent { Cursor.writeText(of: $0, to: text) }
      return body(UnsafeRawBufferPointer(rebasing: text[..<length]))
    }
  }

  private func withContent<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
    // Eight bytes of the position, then the lower six of the commit ID.
    withUnsafeBytes(of: (position.bigEndian, (commitID << 16).bigEndian)) { bytes in
      body(UnsafeRawBufferPointer(rebasing: bytes[..<Self.contentLength]))
    }
  }

  /// Creates the position of a cursor; `nil` if it can't be a cursor of a SQLite store.
  init?(_ cursor: Cursor) {
    let content = cursor.content
    guard content.count == Self.contentLength else { return nil }
    position = content[..<8].reduce(0) { $0 << 8 | Int64($1) }
    commitID = content[8...].reduce(0) { $0 << 8 | Int64($1) }
  }

  init(position: Int64, commitID: Int64) {
    self.position = position
    self.commitID = commitID
  }

  private static let contentLength = 14
}

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
