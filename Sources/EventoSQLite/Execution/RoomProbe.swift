extension Connection {
  /// Finds out in the open transaction if there is room for a write of so many bytes: writes as many to the write-ahead
  /// log, and undoes that.
  ///
  /// Changed pages that the cache has no place for go to the log before the commit, so the cache gets hardly any. What is
  /// undone is no part of the log, and the next commit is written over it:
  /// https://sqlite.org/fileformat2.html#the_write_ahead_log
  func probeRoom(for bytes: Int) throws(SQLiteFailure) {
    let cache = try integer("PRAGMA cache_size") ?? -2000
    try execute("PRAGMA cache_size = 10; SAVEPOINT room")
    // It needs no disk, and so does not fail.
    defer { try? execute("PRAGMA cache_size = \(cache)") }
    // No snapshot has an empty key.
    try run(
      """
      INSERT INTO snapshot (type, revision, id, position, tag, is_json, data)
      VALUES ('', '', '', 0, 0, 0, zeroblob(?1))
      """, .integer(Int64(bytes + Self.indexBytes)))
    try execute("ROLLBACK TO room; RELEASE room")
  }

  /// Pages of tables and indexes that a write changes beside those of its payloads.
  private static let indexBytes = 64 << 10
}
