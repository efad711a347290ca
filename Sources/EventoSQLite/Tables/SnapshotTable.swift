internal import Evento
internal import EventoStorage

/// The snapshots of a store, on one connection. Changes run inside the writer's transaction.
struct SnapshotTable {
  let connection: Connection

  func snapshot(_ key: SnapshotKey) throws(SQLiteFailure) -> Snapshot? {
    let largest = Statement.largestInRow
    return try connection.first(
      """
      SELECT position, tag, is_json, CASE WHEN length(data) <= \(largest) THEN data END,
        CASE WHEN length(data) <= \(largest) THEN checksum END, length(data), rowid
      FROM snapshot WHERE type = ?1 AND revision = ?2 AND id = ?3
      """, .text(key.type), .text(key.revision), .text(key.id)
    ) { row throws(SQLiteFailure) in
      try connection.spend(Int(row.integer(5)))
      let position = LogPosition(position: row.integer(0), commitID: row.integer(1))
      let isJSON = row.integer(2) != 0
      guard row.integer(5) > largest else {
        return try Self.snapshot(key, position, isJSON: isJSON, row.blob(3), checksum: row.integer(4))
      }
      let large = try connection.first("SELECT data, checksum FROM snapshot WHERE rowid = ?1", .integer(row.integer(6)))
      {
        ($0.blob(0), $0.integer(1))
      }
      return try Self.snapshot(key, position, isJSON: isJSON, large?.0 ?? [], checksum: large?.1)
    }
  }

  /// Returns the snapshot of a row, if it has its checksum.
  private static func snapshot(
    _ key: SnapshotKey, _ position: LogPosition, isJSON: Bool, _ data: [UInt8], checksum: Int64?
  ) throws(SQLiteFailure) -> Snapshot {
    let payload = Payload(bytes: data, isJSON: isJSON)
    guard checksum == Int64(SnapshotChecksum.of(key, at: position.position, payload)) else {
      throw SQLiteFailure(.snapshot)
    }
    return Snapshot(data: payload, cursor: position.cursor)
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
      INSERT INTO snapshot (type, revision, id, position, tag, is_json, data, checksum)
      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
      ON CONFLICT (type, revision, id) DO UPDATE
      SET position = excluded.position, tag = excluded.tag, is_json = excluded.is_json, data = excluded.data,
        checksum = excluded.checksum
      """, .text(key.type), .text(key.revision), .text(key.id), .integer(position.position),
      .integer(position.commitID), .integer(data.isJSON ? 1 : 0), .blob(data.bytes),
      .integer(Int64(SnapshotChecksum.of(key, at: position.position, data))))
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
      let key = SnapshotKey(type: row.text(0), revision: row.text(1), id: row.text(2))
      let position = LogPosition(position: row.integer(3), commitID: row.integer(4))
      snapshots.append(
        KeyedSnapshot(
          key: key,
          snapshot: try Self.snapshot(
            key, position, isJSON: row.integer(5) != 0, row.blob(7), checksum: row.integer(8))))
    }
    return SnapshotPage(snapshots: snapshots, hasNextPage: false)
  }

  // Keys are sorted by their bytes, like those of subscribers.
  static let pageQuery = """
    SELECT type, revision, id, position, tag, is_json, length(data), data, checksum FROM snapshot
    WHERE (type, revision, id) > (?1, ?2, ?3) ORDER BY type, revision, id
    """

  /// Computes the checksums of the snapshots of a store that had none.
  func fillChecksums() throws(SQLiteFailure) {
    // By row, because a snapshot can be large.
    for row in try connection.all("SELECT rowid FROM snapshot", body: { $0.integer(0) }) {
      let checksum = try connection.first(
        "SELECT type, revision, id, position, is_json, data FROM snapshot WHERE rowid = ?1", .integer(row)
      ) { row in
        SnapshotChecksum.of(
          SnapshotKey(type: row.text(0), revision: row.text(1), id: row.text(2)), at: row.integer(3),
          Payload(bytes: row.blob(5), isJSON: row.integer(4) != 0))
      }
      try connection.run(
        "UPDATE snapshot SET checksum = ?2 WHERE rowid = ?1", .integer(row), .integer(Int64(checksum ?? 0)))
    }
  }

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
