internal import Evento
internal import EventoStorage

/// The snapshots of a store, on one connection. Each function is one transaction.
struct SnapshotTable {
  let connection: Connection

  func snapshot(_ key: SnapshotKey) throws -> Snapshot? {
    let rows = try connection.run(Self.readStatement, Self.parameters(key))
    guard rows.rowCount > 0 else { return nil }
    return try Self.snapshot(key, rows, 0, from: 0)
  }

  /// Returns the snapshot of a row, if it has its checksum.
  ///
  /// - Parameter column: The first of the columns `position, commit_id, is_json, data, checksum`.
  private static func snapshot(
    _ key: SnapshotKey, _ rows: QueryResult, _ row: Int, from column: Int
  ) throws(EventoError) -> Snapshot {
    let position = LogPosition(position: rows.integer(row, column), commitID: rows.integer(row, column + 1))
    let data = Payload(bytes: Array(rows.bytes(row, column + 3)), isJSON: rows.bool(row, column + 2))
    guard rows.integer(row, column + 4) == Int64(SnapshotChecksum.of(key, at: position.position, data)) else {
      throw Damage.snapshot.error(cause: Damage.snapshot.summary)
    }
    return Snapshot(data: data, cursor: position.cursor)
  }

  private static let readStatement = Statement(
    """
    SELECT position, commit_id, is_json, data, checksum FROM snapshot WHERE type = $1 AND revision = $2 AND id = $3
    """, .text, .text, .text)

  /// - Throws: `cursor_not_in_history`, with nothing changed.
  func save(_ key: SnapshotKey, _ snapshot: Snapshot) throws {
    let position = try LogPosition(named: snapshot.cursor)
    var parameters = Self.parameters(key)
    parameters.int8(position.position)
    parameters.int8(position.commitID)
    parameters.bool(snapshot.data.isJSON)
    parameters.bytes(snapshot.data.bytes)
    parameters.int4(SnapshotChecksum.of(key, at: position.position, snapshot.data))
    guard try connection.run(Self.saveStatement, parameters).affectedRows > 0 else {
      throw EventoError.cursorNotInHistory()
    }
  }

  private static let saveStatement = Statement(
    """
    INSERT INTO snapshot (type, revision, id, position, commit_id, is_json, data, checksum)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE \(LogHistory.condition("$4", "$5"))
    \(replacement)
    """, .text, .text, .text, .int8, .int8, .bool, .bytea, .int4)

  private static let replacement = """
    ON CONFLICT (type, revision, id) DO UPDATE
    SET position = excluded.position, commit_id = excluded.commit_id, is_json = excluded.is_json, data = excluded.data,
      checksum = excluded.checksum
    """

  /// - Parameter isRepeated: True if an earlier call may have deleted it.
  func delete(_ key: SnapshotKey, isRepeated: Bool) throws {
    guard try connection.run(Self.deleteStatement, Self.parameters(key)).affectedRows > 0 || isRepeated else {
      throw EventoError.snapshotNotFound(key)
    }
  }

  private static let deleteStatement = Statement(
    "DELETE FROM snapshot WHERE type = $1 AND revision = $2 AND id = $3", .text, .text, .text)

  /// Deletes the snapshots with an id of some types, of every revision.
  ///
  /// The index begins with type and revision, so each revision of a type is looked up: there are few, and may be many
  /// snapshots.
  static let eraseStatement = Statement(
    """
    WITH RECURSIVE known AS (
      SELECT given.type, first.revision
      FROM (SELECT DISTINCT type FROM unnest($1) AS all_types (type)) AS given CROSS JOIN LATERAL (
        SELECT revision FROM snapshot WHERE snapshot.type = given.type ORDER BY revision LIMIT 1
      ) AS first
      UNION ALL
      SELECT known.type, next.revision
      FROM known CROSS JOIN LATERAL (
        SELECT revision FROM snapshot
        WHERE snapshot.type = known.type AND snapshot.revision > known.revision ORDER BY revision LIMIT 1
      ) AS next
    )
    DELETE FROM snapshot USING known
    WHERE snapshot.type = known.type AND snapshot.revision = known.revision AND snapshot.id = $2
    """, .textArray, .text)

  // MARK: Copies

  /// - Parameter bytes: The maximum size of the snapshots on a page. A larger one is returned alone.
  func page(first: Int, after key: SnapshotKey?, bytes: Int) throws -> SnapshotPage {
    // No name is empty, so all keys are greater than the empty one. One more than requested shows whether there is a
    // next page.
    let rows = try connection.run(
      Self.pageStatement,
      [
        .text(key?.type ?? ""), .text(key?.revision ?? ""), .text(key?.id ?? ""), .int8(Int64(first) + 1),
        .int8(Int64(bytes)),
      ])
    let count = (0..<min(rows.rowCount, first)).prefix { rows.bool($0, 3) }.count
    return SnapshotPage(
      snapshots: try (0..<count).map { row in
        let key = SnapshotKey(type: rows.text(row, 0), revision: rows.text(row, 1), id: rows.text(row, 2))
        return KeyedSnapshot(key: key, snapshot: try Self.snapshot(key, rows, row, from: 4))
      }, hasNextPage: rows.rowCount > count)
  }

  /// The data of a snapshot that does not fit is neither read nor sent.
  private static let pageStatement = Statement(
    """
    SELECT type, revision, id, fits, position, commit_id, is_json, CASE WHEN fits THEN data END, checksum
    FROM (
      SELECT *, row_number() OVER keys = 1 OR sum(octet_length(data)) OVER keys <= $5 AS fits
      FROM (
        SELECT * FROM snapshot WHERE (type, revision, id) > ($1, $2, $3) ORDER BY type, revision, id LIMIT $4
      ) AS page
      WINDOW keys AS (ORDER BY type, revision, id)
    ) AS sized
    ORDER BY type, revision, id
    """, .text, .text, .text, .int8, .int8)

  /// Stores snapshots of another store; see ``DatabaseStore/importSnapshots(_:)``.
  func put(_ snapshots: [KeyedSnapshot]) throws {
    var parameters = Parameters()
    parameters.array(of: .text, snapshots) { $0.text($1.key.type) }
    parameters.array(of: .text, snapshots) { $0.text($1.key.revision) }
    parameters.array(of: .text, snapshots) { $0.text($1.key.id) }
    let positions = try snapshots.map { try LogPosition(named: $0.snapshot.cursor).position }
    parameters.array(of: .int8, positions) { $0.int8($1) }
    parameters.array(of: .bool, snapshots) { $0.bool($1.snapshot.data.isJSON) }
    parameters.array(of: .bytea, snapshots) { $0.bytes($1.snapshot.data.bytes) }
    parameters.array(of: .int4, Array(zip(snapshots, positions))) { array, entry in
      array.int4(SnapshotChecksum.of(entry.0.key, at: entry.1, entry.0.snapshot.data))
    }
    guard try connection.run(Self.putStatement, parameters).affectedRows == snapshots.count else {
      throw EventoError.cursorNotInHistory()
    }
  }

  private static let putStatement = Statement(
    """
    INSERT INTO snapshot (type, revision, id, position, commit_id, is_json, data, checksum)
    SELECT row.type, revision, row.id, row.position, \(LogHistory.commitIDOfRow), row.is_json, row.data, row.checksum
    FROM unnest($1, $2, $3, $4, $5, $6, $7) AS row (type, revision, id, position, is_json, data, checksum)
      LEFT JOIN event ON event.position = row.position
    WHERE \(LogHistory.hasAll(of: "$4"))
    \(replacement)
    """, .textArray, .textArray, .textArray, .int8Array, .boolArray, .byteaArray, .int4Array)

  /// Computes the checksums of the snapshots of a store that had none.
  func fillChecksums() throws {
    // One by one, because a snapshot can be large.
    let keys = try connection.run(.once("SELECT type, revision, id FROM snapshot"))
    for row in 0..<keys.rowCount {
      let key = SnapshotKey(type: keys.text(row, 0), revision: keys.text(row, 1), id: keys.text(row, 2))
      let found = try connection.run(Self.readStatement, Self.parameters(key))
      let data = Payload(bytes: Array(found.bytes(0, 3)), isJSON: found.bool(0, 2))
      var parameters = Self.parameters(key)
      parameters.int4(SnapshotChecksum.of(key, at: found.integer(0, 0), data))
      try connection.run(Self.fillStatement, parameters)
    }
  }

  private static let fillStatement = Statement(
    "UPDATE snapshot SET checksum = $4 WHERE type = $1 AND revision = $2 AND id = $3", .text, .text, .text, .int4)

  private static func parameters(_ key: SnapshotKey) -> Parameters {
    [.text(key.type), .text(key.revision), .text(key.id)]
  }
}
