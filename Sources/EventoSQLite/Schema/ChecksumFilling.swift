internal import CSQLite
internal import Evento
internal import EventoStorage

/// Computes the checksums of what a store had before it had any, inside the transaction of the upgrade.
///
/// A payload that is marked as JSON, but is not, gets none: it was damaged before.
struct ChecksumFilling {
  private let connection: Connection
  private let symbols: SymbolTable

  init(_ connection: Connection) {
    self.connection = connection
    symbols = SymbolTable(connection)
  }

  /// - Parameter progress: Called after each batch with the number of events that are done.
  func fill(progress: (Int64) -> Void) throws(SQLiteFailure) {
    var position: Int64 = 0
    while true {
      let checksums = try eventChecksums(after: position)
      guard let last = checksums.last else { break }
      for (position, checksum) in checksums {
        guard let checksum else { continue }
        try connection.run(
          "UPDATE event SET checksum = ?2 WHERE position = ?1", .integer(position), .integer(checksum))
      }
      position = last.position
      progress(position)
    }
    try SnapshotTable(connection: connection).fillChecksums()
  }

  private static let batch: Int64 = 1000

  /// Returns the next events after a position, each with its checksum; `nil` for one that can have none.
  private func eventChecksums(
    after position: Int64
  ) throws(SQLiteFailure) -> [(position: Int64, checksum: Int64?)] {
    try connection.all(
      "SELECT \(EventRow.columns) FROM event WHERE position > ?1 ORDER BY position LIMIT ?2", .integer(position),
      .integer(Self.batch)
    ) { row throws(SQLiteFailure) in
      let position = EventRow.position(row)
      let values = try EventValues(row, at: position, symbols)
      let checksum = try EventRow.withPayload(row, EventRow.payload(row), on: connection) { data, _ in
        !EventRow.isJSON(row) || Payload(Array(data)).isJSON ? values.checksum(data) : nil
      }
      return (position.position, checksum)
    }
  }
}
