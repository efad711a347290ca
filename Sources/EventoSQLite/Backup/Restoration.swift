internal import CSQLite
internal import Evento
internal import EventoStorage

/// Replaces a store by a copy.
///
/// An existing database is not replaced as a file: a write-ahead log that an earlier process left would be applied to
/// the new one (https://sqlite.org/howtocorrupt.html), and a gateway that starts at that moment would use the old file.
/// Its content is replaced instead, in one transaction on a connection with exclusive access.
struct Restoration {
  /// True if a store that has events may be replaced.
  let isReplacing: Bool
  /// The name of the setting that allows it.
  let setting: String

  func put(_ backup: String, at path: String, _ work: CancellableWork) throws -> SQLiteExecutor.Copy {
    try DatabasePath.check(path)
    guard !FileSystem.areSame(path, backup) else {
      throw EventoError(.invalidRequest, "\(backup) and \(path) are the same file. Name the backup and the database.")
    }
    let source = try DatabaseFile.openForReading(backup, as: "backup")
    defer { source.close() }
    source.setWork(work)
    try Self.check(source, backup, work)
    let events = Int(try source.logEnd().position)
    guard FileSystem.exists(path) else {
      try Self.checkNothingIsLeft(of: path)
      return try Backup.make(of: backup, at: path, work)
    }
    let database: Connection
    do {
      // A database that may not be replaced must not change: check first, and again with exclusive access.
      let reader = try DatabaseFile.look(at: path)
      defer { reader.close() }
      try checkMayReplace(reader, path)
      database = try Connection(path: path, busyTimeout: .zero, for: .writing)
    } catch let failure as SQLiteFailure {
      throw Self.error(failure, path)
    }
    defer { database.close() }
    do throws(SQLiteFailure) {
      try Self.takeAlone(database)
    } catch {
      throw Self.error(error, path)
    }
    try checkMayReplace(database, path)
    let before = try database.contentVersion()
    do throws(SQLiteFailure) {
      try database.replaceContent(by: source, work)
    } catch {
      database.close()
      throw outcome(of: error, path, backup, before: before, work)
    }
    return SQLiteExecutor.Copy(events: events, bytes: FileSystem.size(path))
  }

  /// Returns the state of the database after an error of SQLite. The error may come after the commit: from the last
  /// sync, that of the folder from which the journal was removed.
  ///
  /// - Parameter before: The ``Connection/contentVersion()`` before the copy.
  func outcome(
    of failure: SQLiteFailure, _ path: String, _ backup: String, before: Int64, _ work: CancellableWork
  ) -> EventoError {
    do {
      // Opening it rolls back the copy if there is a journal.
      let database = try Connection(path: path, busyTimeout: .zero, for: .writing)
      defer { database.close() }
      guard try database.contentVersion() != before else {
        if work.isCancelled { return .cancelled("\(path) was not changed.") }
        let isEmpty = try Schema.content(of: database, path: path) == .nothing
        let state = isEmpty ? "is still empty" : "still has its old content"
        return EventoError(
          .unavailable, "\(path) was not restored (\(failure.message)), and \(state). \(failure.advice)",
          cause: failure.error.cause)
      }
      return EventoError(
        .unavailable,
        "\(path) was restored from \(backup), but the disk reported an error at the end (\(failure.message)). A power "
          + "failure may undo the restore. Check the disk, then restore again with \(setting).",
        cause: failure.error.cause)
    } catch {
      return EventoError(
        .unavailable,
        "\(path) was not restored (\(failure.message)), and can't be opened now (\(Self.reason(error))). Check its disk, then restore "
          + "again.", cause: failure.error.cause)
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let failure as SQLiteFailure: failure.message
    case let error as EventoError: error.detail
    default: "\(error)"
    }
  }

  private static func check(_ source: Connection, _ backup: String, _ work: CancellableWork) throws {
    let verdict: String?
    do throws(SQLiteFailure) {
      verdict = try source.first("PRAGMA quick_check(1)") { $0.text(0) }
    } catch {
      guard !work.isCancelled else { throw EventoError.cancelled("Nothing was changed.") }
      verdict = error.message
    }
    guard verdict != "ok" else { return }
    throw EventoError(.invalidRequest, "\(backup) is damaged (\(verdict ?? "no verdict")). Use another backup.")
  }

  private static func checkNothingIsLeft(of path: String) throws(EventoError) {
    for name in [path + "-wal", path + "-journal"] where FileSystem.exists(name) {
      throw EventoError(
        .invalidRequest,
        "\(name) belongs to a database that no longer exists, and would be applied to this one. Move it away, or put its "
          + "database back.")
    }
  }

  /// Moves the write-ahead log into the database and removes it, which requires that no other process has it open, and
  /// keeps others out until the connection is closed: https://sqlite.org/pragma.html#pragma_locking_mode
  private static func takeAlone(_ database: Connection) throws(SQLiteFailure) {
    try database.run("PRAGMA journal_mode = DELETE")
    // EXTRA also syncs the folder after the journal is removed, so that the restored content stays. A commit would give
    // an empty file its first page.
    try database.execute("PRAGMA synchronous = EXTRA; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
  }

  private func checkMayReplace(_ database: Connection, _ path: String) throws {
    guard try Schema.content(of: database, path: path) != .nothing, !isReplacing else { return }
    let count = try database.logEnd().position
    guard count > 0 else { return }
    throw EventoError(
      .invalidRequest,
      "\(path) has \(count) \(count == 1 ? "event" : "events"), which would be lost. Back it up first, then restore "
        + "with \(setting).")
  }

  private static func error(_ failure: SQLiteFailure, _ path: String) -> EventoError {
    let beside = DatabasePath.resolved(path)
    return switch failure.primaryCode {
    case SQLITE_BUSY where failure.systemError == 0, SQLITE_LOCKED:
      EventoError(
        .unavailable, "\(path) is open in another process. Stop that process first.", cause: failure.error.cause)
    case SQLITE_NOTADB, SQLITE_CORRUPT:
      EventoError(
        .invalidRequest,
        "\(path) is damaged or not a database. Move it away, together with \(beside)-wal and \(beside)-shm, then retry.",
        cause: failure.error.cause)
    default: failure.error(of: path)
    }
  }
}
