internal import CSQLite
internal import Evento

/// A copy put in the place of a store.
///
/// A database that is there is not replaced as a file. A write-ahead log that an earlier process left beside it would be
/// played onto the new one (https://sqlite.org/howtocorrupt.html), and a gateway that starts at that moment would go on
/// with the old file. Its content is replaced instead, in a transaction, by a connection that has it alone.
enum Restoration {
  static func put(_ backup: String, at path: String, isReplacing: Bool) throws -> SQLiteExecutor.Copy {
    guard !StoreFile.areSame(path, backup) else {
      throw EventoError(.invalidRequest, "\(backup) and \(path) are one file: name the backup, and the database.")
    }
    let source = try StoreFile.open(backup)
    defer { source.close() }
    try check(source, backup)
    guard StoreFile.exists(path) else {
      try checkNothingIsLeft(of: path)
      return try Backup.make(of: backup, at: path)
    }
    let database: Connection
    do {
      // What may not be replaced is not to be touched either: look first, and again once nobody else can change it.
      let reader = try StoreFile.look(at: path)
      defer { reader.close() }
      try checkMayReplace(reader, path, isReplacing)
      database = try Connection(path: path, busyTimeout: .zero, for: .writing)
    } catch let failure as SQLiteFailure {
      throw error(failure, path)
    }
    defer { database.close() }
    do throws(SQLiteFailure) {
      try takeAlone(database)
    } catch {
      throw Self.error(error, path)
    }
    try checkMayReplace(database, path, isReplacing)
    try database.replaceContent(by: source)
    try database.execute("PRAGMA locking_mode = NORMAL")
    return try StoreFile.measure(database, path)
  }

  private static func check(_ source: Connection, _ backup: String) throws {
    let verdict: String?
    do throws(SQLiteFailure) {
      verdict = try source.first("PRAGMA quick_check(1)") { $0.text(0) }
    } catch {
      verdict = error.message
    }
    guard verdict != "ok" else { return }
    throw EventoError(.invalidRequest, "\(backup) is damaged (\(verdict ?? "no verdict")): take another backup.")
  }

  private static func checkNothingIsLeft(of path: String) throws(EventoError) {
    for name in [path + "-wal", path + "-journal"] where StoreFile.exists(name) {
      throw EventoError(
        .invalidRequest,
        "\(name) is of a database that is not there any more, and would be played onto this one: move it away, or put "
          + "its database back.")
    }
  }

  /// Moves the write-ahead log into the database and removes it, which succeeds only where nobody else has it open, and
  /// keeps others out until the connection is closed: https://sqlite.org/pragma.html#pragma_locking_mode
  private static func takeAlone(_ database: Connection) throws(SQLiteFailure) {
    try database.run("PRAGMA journal_mode = DELETE")
    // EXTRA syncs the folder after the journal is removed: what has been restored stays so.
    try database.execute("PRAGMA synchronous = EXTRA; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
  }

  private static func checkMayReplace(_ database: Connection, _ path: String, _ isReplacing: Bool) throws {
    try Schema.checkOwner(of: database, path: path)
    guard !isReplacing, try database.integer("PRAGMA user_version") != 0 else { return }
    let count = try database.logEnd().position
    guard count > 0 else { return }
    throw EventoError(
      .invalidRequest,
      "\(path) has \(count) \(count == 1 ? "event" : "events"), which would be gone: back it up first, then restore "
        + "with --replace (`replacing: true`).")
  }

  private static func error(_ failure: SQLiteFailure, _ path: String) -> EventoError {
    switch failure.primaryCode {
    case SQLITE_BUSY, SQLITE_LOCKED:
      EventoError(
        .unavailable, "\(path) is open in another process: stop that first.", cause: failure.error.cause)
    case SQLITE_NOTADB, SQLITE_CORRUPT:
      EventoError(
        .invalidRequest,
        "\(path) is damaged, or no database: move it away, and \(path)-wal and \(path)-shm with it, then restore again.",
        cause: failure.error.cause)
    default: EventoError(.unavailable, "\(path) can't be opened (\(failure.message)).", cause: failure.error.cause)
    }
  }
}
