internal import Evento
internal import EventoStorage

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
    try save(key, snapshot.data, at: try connection.position(of: snapshot.cursor))
  }

  /// Stores snapshots of another store; see ``DatabaseStore``.
  ///
  /// - Throws: `cursor_not_in_history`, with nothing changed.
  func put(_ snapshots: [KeyedSnapshot]) throws {
    let positions = try snapshots.map { try connection.position(likeThatOf: $0.snapshot.cursor) }
    for (entry, position) in zip(snapshots, positions) { try save(entry.key, entry.snapshot.data, at: position) }
  }

  private func save(_ key: SnapshotKey, _ data: Payload, at position: LogPosition) throws(SQLiteFailure) {
    try connection.run(
      """
      INSERT INTO snapshot (type, revision, id, position, tag, is_json, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
      ON CONFLICT (type, revision, id) DO UPDATE
      SET position = excluded.position, tag = excluded.tag, is_json = excluded.is_json, data = excluded.data
      """, .text(key.type), .text(key.revision), .text(key.id), .integer(position.position),
      .integer(position.commitID), .integer(data.isJSON ? 1 : 0), .blob(data.bytes))
  }

  /// Returns a page of the snapshots; see ``DatabaseStore``.
  ///
  /// - Parameter bytes: The maximum size of its snapshots, unless the first one alone is larger.
  func page(first: Int, after key: SnapshotKey?, bytes: Int) throws(SQLiteFailure) -> SnapshotPage {
    let row = try connection.statement(Self.pageQuery)
    defer { row.reset() }
    // No part of a key is empty, so all keys are greater than the empty one.
    try row.bind(all: [.text(key?.type ?? ""), .text(key?.revision ?? ""), .text(key?.id ?? "")])
    var snapshots: [KeyedSnapshot] = []
    var room = bytes
    while try row.step() {
      let size = Int(row.integer(6))
      guard snapshots.count < first, size <= room || snapshots.isEmpty else {
        return SnapshotPage(snapshots: snapshots, hasNextPage: true)
      }
      try connection.spend(size)
      room -= size
      snapshots.append(
        KeyedSnapshot(
          key: SnapshotKey(type: row.text(0), revision: row.text(1), id: row.text(2)),
          snapshot: Snapshot(
            data: Payload(bytes: row.blob(7), isJSON: row.integer(5) != 0),
            cursor: LogPosition(position: row.integer(3), commitID: row.integer(4)).cursor)))
    }
    return SnapshotPage(snapshots: snapshots, hasNextPage: false)
  }

  // Keys are sorted by their bytes, like those of subscribers.
  static let pageQuery = """
    SELECT type, revision, id, position, tag, is_json, length(data), data FROM snapshot
    WHERE (type, revision, id) > (?1, ?2, ?3) ORDER BY type, revision, id
    """

  /// Deletes the snapshots with an id of some types, of every revision. Once ``rewrite()`` has been called, no page has
  /// them any more.
  ///
  /// - Returns: Their number.
  func erase(id: String, types: [String]) throws(SQLiteFailure) -> Int {
    var count = 0
    for type in types {
      try connection.run(Self.eraseStatement, .text(type), .text(id))
      count += connection.changes
    }
    return count
  }

  /// Writes the table again, to other pages, and overwrites its pages with zeros.
  ///
  /// When a snapshot has become larger, SQLite may have moved it, and others, within their page or to the next one. Then
  /// it leaves copies in the unused part of the page, also with `secure_delete` (`rebuildPage` in
  /// https://sqlite.org/src/file/src/btree.c).
  func rewrite() throws(SQLiteFailure) {
    let statement = try connection.first("SELECT sql FROM sqlite_schema WHERE name = 'snapshot'") { $0.text(0) } ?? ""
    guard let columns = statement.firstIndex(of: "(") else { return }
    try connection.execute(
      """
      CREATE TABLE rewritten_snapshot \(statement[columns...]);
      INSERT INTO rewritten_snapshot SELECT * FROM snapshot;
      DROP TABLE snapshot;
      ALTER TABLE rewritten_snapshot RENAME TO snapshot;
      """)
  }

  /// The index begins with type and revision, so each revision of the type is looked up: there are few, and may be many
  /// snapshots.
  static let eraseStatement = """
    WITH RECURSIVE known (revision) AS (
      SELECT (SELECT revision FROM snapshot WHERE type = ?1 ORDER BY revision LIMIT 1)
      UNION ALL
      SELECT (SELECT revision FROM snapshot WHERE type = ?1 AND revision > known.revision ORDER BY revision LIMIT 1)
      FROM known WHERE revision IS NOT NULL
    )
    DELETE FROM snapshot
    WHERE type = ?1 AND id = ?2 AND revision IN (SELECT revision FROM known WHERE revision IS NOT NULL)
    """

  func delete(_ key: SnapshotKey) throws {
    try connection.run(
      "DELETE FROM snapshot WHERE type = ?1 AND revision = ?2 AND id = ?3", .text(key.type), .text(key.revision),
      .text(key.id))
    guard connection.changes > 0 else { throw EventoError.snapshotNotFound(key) }
  }
}
