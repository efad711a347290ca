internal import Evento
internal import EventoStorage

/// Computes the checksums of what a store had before it had any, inside the transaction of the upgrade.
///
/// A payload that is marked as JSON, but is not, gets none: it was damaged before.
struct ChecksumFilling {
  let connection: Connection

  private static let batch = 1000
  private static let batchBytes = 8 << 20

  /// - Parameter progress: Called after each batch with the number of events that are done.
  func fill(progress: (Int64) -> Void) throws {
    try connection.run(.once(Schema.eventIndexRemoval))
    try fillEvents(after: 0, progress: progress)
    for statement in Schema.eventIndexCreation { try connection.run(.once(statement), [], within: Self.indexTimeout) }
    try SnapshotTable(connection: connection).fillChecksums()
  }

  /// Computes the checksums of the events after a position.
  func fillEvents(after start: Int64, progress: (Int64) -> Void = { _ in }) throws {
    let symbols = SymbolTable()
    var position = start
    while let last = try fillBatch(after: position, symbols) {
      position = last
      progress(position)
    }
  }

  /// Only ends one that hangs, like that of the migration.
  private static let indexTimeout = Schema.Rules().migrationTimeout

  /// - Returns: The position of the last event of the batch; `nil` if no event was left.
  private func fillBatch(after position: Int64, _ symbols: SymbolTable) throws -> Int64? {
    let query = EventQuery.page(
      [.log], EventQuery.Range(lower: position, direction: .forward), limit: Self.batch, .bounded,
      bytes: Self.batchBytes)
    let rows = try connection.run(query.statement, query.parameters)
    let names = try symbols.names(of: rows, on: connection)
    defer { symbols.keep(names) }
    var (positions, checksums): ([Int64], [Int32]) = ([], [])
    var last: Int64?
    for row in 0..<rows.rowCount {
      // The first one of any size comes with its payload.
      guard EventRow.hasPayload(rows, row) else { break }
      let position = EventRow.position(rows, row).position
      last = position
      guard let checksum = try EventRow.checksumIfJSON(rows, row, names) else { continue }
      positions.append(position)
      checksums.append(checksum)
    }
    if !positions.isEmpty { try connection.run(Self.update, [.int8Array(positions), .int4Array(checksums)]) }
    return last
  }

  private static let update = Statement(
    """
    UPDATE event SET checksum = new.checksum FROM unnest($1, $2) AS new (position, checksum)
    WHERE event.position = new.position
    """, .int8Array, .int4Array)
}
