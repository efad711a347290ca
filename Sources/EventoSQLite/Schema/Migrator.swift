internal import Evento

extension Schema {
  /// Makes a connection that of a store: sets how it writes, makes the tables or brings them up to date.
  ///
  /// - Throws: ``EventoError`` where the database is another program's, or of a newer version; ``SQLiteFailure``.
  static func prepare(_ connection: Connection, path: String, isInMemory: Bool) throws {
    // Of another program nothing must be changed, not even its journal mode: look first.
    try checkOwner(of: connection, path: path)
    if !isInMemory { try setJournal(connection, path: path) }
    // FULL syncs the write-ahead log at each commit: an answered write is on disk (https://sqlite.org/pragma.html#pragma_synchronous).
    try connection.execute("PRAGMA synchronous = FULL")
    guard try connection.integer("PRAGMA user_version") != version else { return }

    // Another process may do the same at this moment: look again under the lock.
    try connection.execute("BEGIN IMMEDIATE")
    do {
      try checkOwner(of: connection, path: path)
      let current = Int(try connection.integer("PRAGMA user_version") ?? 0)
      for migration in migrations.dropFirst(current) { try connection.execute(migration) }
      if current == 0 {
        try connection.run("INSERT INTO store (origin, probe) VALUES (?1, 0)", .integer(LogPosition.freshTag()))
      }
      try connection.execute("PRAGMA application_id = \(applicationID); PRAGMA user_version = \(version); COMMIT")
    } catch {
      connection.rollBack()
      throw error
    }
  }

  /// - Throws: ``EventoError`` where the database is another program's, or of a newer version.
  static func checkOwner(of connection: Connection, path: String) throws {
    let application = try connection.integer("PRAGMA application_id") ?? 0
    let current = try connection.integer("PRAGMA user_version") ?? 0
    let tables = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
    guard application == applicationID || (application == 0 && tables == 0) else {
      throw EventoError(
        .invalidRequest, "\(path) is a SQLite database of another program: name another file for the event store.")
    }
    guard current <= version else {
      throw EventoError(
        .invalidRequest,
        "\(path) was written by a newer version of this program (schema \(current), this one knows \(version)): "
          + "run that version, or a later one.")
    }
  }

  /// - Throws: ``EventoError`` where the database is no store, an empty one among them, or one of a newer version.
  static func checkIsStore(_ connection: Connection, path: String) throws {
    try checkOwner(of: connection, path: path)
    guard try connection.integer("PRAGMA application_id") == applicationID else {
      throw EventoError(.invalidRequest, "\(path) is empty, and no event store: name another file.")
    }
  }

  private static func setJournal(_ connection: Connection, path: String) throws {
    let mode = try connection.first("PRAGMA journal_mode = WAL") { $0.text(0) }
    guard mode == "wal" else {
      throw EventoError(
        .invalidRequest,
        "\(path) is on a file system that can't hold SQLite's write-ahead log (it needs shared memory): "
          + "put the database on a local disk.")
    }
  }
}
