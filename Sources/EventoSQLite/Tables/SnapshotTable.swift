internal import Evento

/// The snapshots of a store, on one connection. Changes run inside the writer's transaction.
struct SnapshotTable {
  let connection: Connection

  func snapshot(_ key: SnapshotKey) throws(SQLiteFailure) -> Snapshot? {
    try connection.first(
      """
      SELECT position, tag, is_json, CASE WHEN length(data) <= \(Statement.largestInRow) THEN data END, length(data), rowid
      FROM snapshot WHERE type = ?1 AND revision = ?2 AND id = ?3
      """, .text(key.type), .text(key.revision), .text(key.id)
    ) { row throws(SQLiteFailure) in
      try connection.spend(Int(row.integer(4)))
      var data = row.blob(3)
      if row.integer(4) > Statement.largestInRow {
        let large = try connection.first("SELECT data FROM snapshot WHERE rowid = ?1", .integer(row.integer(5))) {
          $0.blob(0)
        }
        data = large ?? []
      }
      return Snapshot(
        data: Payload(bytes: data, isJSON: row.integer(2) != 0),
        cursor: LogPosition(position: row.integer(0), commitID: row.integer(1)).cursor)
    }
  }

  /// - Throws: `cursor_not_in_history`, with nothing changed.
  func save(_ key: SnapshotKey, _ snapshot: Snapshot) throws {
    let position = try connection.position(of: snapshot.cursor)
    try connection.run(
      """
      INSERT INTO snapshot (type, revision, id, position, tag, is_json, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      ON CONFLICT (type, revision, id) DO UPDATE
      SET position = excluded.position, tag = excluded.tag, is_json = excluded.is_json, data = excluded.data
      """, .text(key.type), .text(key.revision), .text(key.id), .integer(position.position),
      .integer(position.commitID),
      .integer(snapshot.data.isJSON ? 1 : 0), .blob(snapshot.data.bytes))
  }

  func delete(_ key: SnapshotKey) throws {
    try connection.run(
      "DELETE FROM snapshot WHERE type = ?1 AND revision = ?2 AND id = ?3", .text(key.type), .text(key.revision),
      .text(key.id))
    guard connection.changes > 0 else { throw EventoError.snapshotNotFound(key) }
  }
}
