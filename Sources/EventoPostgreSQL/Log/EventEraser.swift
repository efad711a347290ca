internal import Evento

/// Erases the content of events, on one connection.
///
/// The rows get new versions. The old ones stay in the table's file until a vacuum removes them:
/// https://www.postgresql.org/docs/15/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY
struct EventEraser {
  let connection: Connection

  /// Erases the content of an aggregate, in one transaction.
  ///
  /// It does not lock the log, so that no write waits. An event that commits meanwhile counts as later.
  ///
  /// - Returns: The numbers of events and snapshots that were erased. If another call erases the same, each counts once.
  /// - Throws: `aggregator_not_found`, with nothing changed; ``PostgreSQLFailure``.
  func erase(type: String, id: String, snapshotTypes: [String]) throws -> ErasureResult {
    let rows = try connection.run(Self.aggregateStatement, [.text(type), .text(id)])
    guard rows.rowCount > 0 else { throw EventoError.aggregatorNotFound(type: type, id: id) }
    do throws(PostgreSQLFailure) {
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
  private func erase(aggregate: Int64) throws(PostgreSQLFailure) -> Int {
    var position: Int64 = 0
    var count = 0
    while true {
      let step = try connection.run(Self.stepStatement, [.int8(aggregate), .int8(position)])
      count += Int(step.integer(0, 0))
      guard !step.isNull(0, 1) else { return count }
      position = step.integer(0, 1)
    }
  }

  /// Erases the events at some positions.
  func erase(_ positions: [Int64]) throws(PostgreSQLFailure) {
    try connection.run(Self.positionsStatement, [.int8Array(positions)])
  }

  private static let aggregateStatement = Statement(
    "SELECT id FROM aggregate WHERE type = (SELECT id FROM text WHERE value = $1) AND key = $2", .text, .text)

  private static let assignments = "is_json = NULL, metadata = NULL, data = ''"

  private static let stepStatement = Statement(
    """
    WITH step AS MATERIALIZED (
      SELECT position FROM event WHERE aggregate = $1 AND position > $2 AND is_json IS NOT NULL
      ORDER BY position LIMIT 2000
    ), erased AS (
      UPDATE event SET \(assignments) FROM step
      WHERE event.position = step.position AND event.is_json IS NOT NULL
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM erased), (SELECT max(position) FROM step)
    """, .int8, .int8)

  private static let positionsStatement = Statement(
    "UPDATE event SET \(assignments) WHERE position = ANY ($1)", .int8Array)
}
