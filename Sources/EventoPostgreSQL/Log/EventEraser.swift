internal import Evento
internal import EventoStorage

/// Erases the content of events, on one connection.
///
/// The rows get new versions. The old ones stay in the table's file until a vacuum removes them:
/// https://www.postgresql.org/docs/15/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY
struct EventEraser {
  let connection: Connection
  private let symbols = SymbolTable()

  init(connection: Connection) {
    self.connection = connection
  }

  /// Erases the content of an aggregate, in one transaction.
  ///
  /// It does not lock the log, so that no write waits. An event that commits meanwhile counts as later.
  ///
  /// - Returns: The numbers of events and snapshots that were erased. If another call erases the same, each counts once.
  /// - Throws: `aggregator_not_found`, with nothing changed; ``PostgreSQLFailure``.
  func erase(type: String, id: String, snapshotTypes: [String]) throws -> ErasureResult {
    let rows = try connection.run(Self.aggregateStatement, [.text(type), .text(id)])
    guard rows.rowCount > 0 else { throw EventoError.aggregatorNotFound(type: type, id: id) }
    do {
      try connection.run(.begin)
      let events = try erase(aggregate: rows.integer(0, 0))
      let snapshots = try connection.run(SnapshotTable.eraseStatement, [.textArray(snapshotTypes), .text(id)])
      try connection.run(.commit)
      return ErasureResult(events: events, snapshots: snapshots.affectedRows)
    } catch {
      connection.rollBack()
      throw error
    }
  }

  /// Erases the events of an aggregate, in steps: each of them has the time of one exchange with the server.
  ///
  /// - Returns: Their number.
  private func erase(aggregate: Int64) throws -> Int {
    var position: Int64 = 0
    var count = 0
    while true {
      let rows = try connection.run(Self.nextStatement, [.int8(aggregate), .int8(position)])
      guard rows.rowCount > 0 else { return count }
      count += try erase(rows)
      position = EventRow.position(rows, rows.rowCount - 1).position
    }
  }

  /// Erases the events at some positions.
  func erase(_ positions: [Int64]) throws {
    _ = try erase(connection.run(Self.positionsStatement, [.int8Array(positions)]))
  }

  /// Erases the events of rows without their content.
  ///
  /// - Returns: The number of those that were not erased yet.
  private func erase(_ rows: QueryResult) throws -> Int {
    let names = try symbols.names(of: rows, on: connection)
    defer { symbols.keep(names) }
    var (positions, checksums): ([Int64], [Int32]) = ([], [])
    for row in 0..<rows.rowCount {
      positions.append(EventRow.position(rows, row).position)
      checksums.append(try EventRow.erasedChecksum(rows, row, names))
    }
    return try connection.run(Self.updateStatement, [.int8Array(positions), .int4Array(checksums)]).affectedRows
  }

  private static let aggregateStatement = Statement(
    "SELECT id FROM aggregate WHERE type = (SELECT id FROM text WHERE value = $1) AND key = $2", .text, .text)

  private static let nextStatement = Statement(
    """
    SELECT \(EventRow.columnsWithoutContent) FROM event
    WHERE aggregate = $1 AND position > $2 AND is_json IS NOT NULL ORDER BY position LIMIT 2000
    """, .int8, .int8)

  private static let positionsStatement = Statement(
    "SELECT \(EventRow.columnsWithoutContent) FROM event WHERE position = ANY ($1)", .int8Array)

  private static let updateStatement = Statement(
    """
    UPDATE event SET is_json = NULL, metadata = NULL, data = '', checksum = erased.checksum
    FROM unnest($1, $2) AS erased (position, checksum)
    WHERE event.position = erased.position AND event.is_json IS NOT NULL
    """, .int8Array, .int4Array)
}
