internal import Evento
internal import EventoStorage

/// Erases the content of events on one connection.
///
/// A row only becomes smaller, so that SQLite writes it where it was and moves no other row. With `secure_delete`
/// (https://sqlite.org/pragma.html#pragma_secure_delete), the rest of its place is overwritten with zeros, and so are the
/// pages of a large payload, which become free.
struct EventEraser {
  let connection: Connection

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
    for position in positions { try connection.run(Self.update, .integer(position)) }
  }

  private static let batch = 256

  private static let update =
    "UPDATE event SET is_json = \(EventContent.erased.rawValue), metadata = NULL, data = x'' WHERE position = ?1"

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
