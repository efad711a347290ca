internal import Evento
internal import EventoStorage

/// Erases the content of events on one connection.
///
/// A row only becomes smaller, so that SQLite writes it where it was and moves no other row. With `secure_delete`
/// (https://sqlite.org/pragma.html#pragma_secure_delete), the rest of its place is overwritten with zeros, and so are the
/// pages of a large payload, which become free.
struct EventEraser {
  let connection: Connection
  let symbols: SymbolTable

  /// Returns the number of events in the log up to which an aggregate needs no erasure any more: as of now, all of its
  /// events up to there are erased. An erased event stays erased.
  func erasedEnd(ofAggregate aggregate: Int64) throws(SQLiteFailure) -> Int64 {
    if let first = try next(ofAggregate: aggregate, after: 0, limit: 1).first { return first - 1 }
    return try connection.logEnd().position
  }

  /// Erases the events of an aggregate after a position, inside the writer's transaction.
  ///
  /// Row by row: a statement that changes many rows would copy the old pages to a temporary file, to be able to undo it
  /// alone (https://sqlite.org/tempfiles.html#statement_journal_files).
  ///
  /// - Returns: The number of events that were not erased yet.
  func erase(aggregate: Int64, after position: Int64) throws(SQLiteFailure) -> Int {
    var position = position
    var count = 0
    while true {
      let positions = try next(ofAggregate: aggregate, after: position, limit: Self.batch)
      try erase(positions)
      count += positions.count
      guard let last = positions.last, positions.count == Self.batch else { return count }
      position = last
    }
  }

  /// Erases the events at some positions, inside the writer's transaction.
  func erase(_ positions: [Int64]) throws(SQLiteFailure) {
    for position in positions {
      guard let checksum = try erasedChecksum(at: position) else { continue }
      try connection.run(Self.update, .integer(position), .integer(checksum))
    }
  }

  /// Returns the checksum of an event once it is erased; `nil` if there is no event at the position.
  private func erasedChecksum(at position: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.first("SELECT \(EventRow.columns) FROM event WHERE position = ?1", .integer(position)) {
      row throws(SQLiteFailure) in
      let values = try EventValues(row, at: EventRow.position(row), symbols)
      let isWhole = try EventRow.withPayload(row, EventRow.payload(row), on: connection) { data, checksum in
        values.checksum(data) == checksum
      }
      let erased = values.erasedChecksum
      // What is damaged stays so: what is kept of the event may be the damaged part.
      return isWhole ? erased : Int64(~Int32(truncatingIfNeeded: erased))
    }
  }

  private static let batch = 256

  private static let update = """
    UPDATE event SET is_json = \(EventContent.erased.rawValue), metadata = NULL, data = x'', checksum = ?2
    WHERE position = ?1
    """

  /// Returns the positions of the next events of an aggregate that are not erased.
  private func next(
    ofAggregate aggregate: Int64, after position: Int64, limit: Int
  ) throws(SQLiteFailure) -> [Int64] {
    try connection.all(
      """
      SELECT position FROM event
      WHERE aggregate = ?1 AND position > ?2 AND is_json <> \(EventContent.erased.rawValue)
      ORDER BY position LIMIT ?3
      """, .integer(aggregate), .integer(position), .integer(Int64(limit))
    ) { $0.integer(0) }
  }
}
