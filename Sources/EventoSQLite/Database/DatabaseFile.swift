internal import CSQLite
internal import Evento
internal import EventoStorage
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Creates and checks the file of a database, before a store opens it.
enum DatabaseFile {
  /// Creates the file, empty, if it does not exist. SQLite would create it with 0644 less the umask. It gives the
  /// write-ahead log and the shared memory the permissions of the database: https://sqlite.org/src/file/src/os_unix.c
  /// (`findCreateFileMode`).
  ///
  /// - Parameter permissions: The permissions of a new file, less the umask.
  /// - Returns: True if it was created.
  /// - Throws: ``EventoError`` `invalid_request` if the owner could not read and write the file; ``SQLiteFailure``.
  static func create(_ path: String, permissions: UInt16) throws -> Bool {
    guard permissions & ~0o777 == 0, permissions & 0o600 == 0o600 else {
      throw EventoError(
        .invalidRequest,
        "The database's permissions must be 0600 to 0777 and let its owner read and write, but are "
          + "0\(String(permissions, radix: 8)).")
    }
    return try creation.withLock { _ throws(SQLiteFailure) in
      var status = stat()
      // A dangling link is followed, like in SQLite, so O_EXCL is not set. Another process may create the file at the
      // same time: either way it exists, and is empty.
      guard stat(path, &status) != 0 else { return false }
      let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, mode_t(permissions))
      guard descriptor >= 0 else {
        let error = errno
        throw SQLiteFailure(
          code: SQLITE_CANTOPEN, message: String(cString: strerror(error)), action: "create \(path)", systemError: error
        )
      }
      close(descriptor)
      return true
    }
  }

  /// Removes a file that was created for a store that could not be opened, unless it has content by now.
  static func removeIfEmpty(_ path: String) {
    // A link is kept.
    let file = DatabasePath.resolved(path)
    if FileSystem.bytes(file) == 0 { unlink(file) }
  }

  /// Checks that the file exists and is not empty.
  ///
  /// - Throws: `unavailable` if not.
  static func checkExists(_ path: String, _ configuration: SQLiteConfiguration) throws(EventoError) {
    var status = stat()
    guard stat(path, &status) == 0 else { throw mayNotCreate("There is no database \(path)", configuration) }
    guard status.st_size > 0 else { throw mayNotCreate("\(path) is empty", configuration) }
  }

  static func mayNotCreate(_ what: String, _ configuration: SQLiteConfiguration) -> EventoError {
    EventoError(
      .unavailable,
      "\(what), and \(configuration.createsDatabaseSetting) forbids creating one. Check that the volume is mounted.")
  }

  // MARK: Checking a store

  /// Opens a connection that leaves all files unchanged. If the database has a log, a writing connection would move it
  /// into the database when closed. If it has none, a reading one would leave an empty log, and can't on a read-only
  /// file system (https://sqlite.org/wal.html#readonly).
  static func look(
    at path: String, busyTimeout: Duration = .zero
  ) throws(SQLiteFailure) -> Connection {
    // SQLite follows links, and keeps the log next to the target.
    let resolved = DatabasePath.resolved(path)
    let access: Connection.Access =
      if FileSystem.exists(resolved + "-wal") {
        .reading
      } else if FileSystem.isReadOnly(resolved) {
        .readingImmutable
      } else {
        .writing
      }
    return try Connection(path: path, busyTimeout: busyTimeout, for: access)
  }

  /// Opens an existing store to read it.
  ///
  /// - Parameter kind: The word for it in errors.
  /// - Throws: ``EventoError`` if it is not a store, or has a newer version.
  static func openForReading(_ path: String, as kind: String = "database") throws -> Connection {
    try DatabasePath.check(path)
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else {
        throw EventoError(.invalidRequest, "\(path) can't be opened: \(String(cString: strerror(errno))).")
      }
      throw EventoError(.invalidRequest, "There is no \(kind) \(path). Check the path.")
    }
    do {
      let connection = try look(at: path, busyTimeout: SQLiteConfiguration().busyTimeout)
      try Schema.checkIsStore(connection, path: path)
      return connection
    } catch let failure as SQLiteFailure {
      guard failure.isDamage else { throw failure.error(of: path) }
      let state = failure.primaryCode == SQLITE_NOTADB ? "is not a SQLite database" : "is damaged (\(failure.message))"
      throw EventoError(.invalidRequest, "\(path) \(state). Name another file.", cause: failure.error.cause)
    }
  }

  /// Ensures that a missing or empty database has no log: SQLite would remove it, and it may have all the events of a
  /// store.
  ///
  /// - Throws: `invalid_request`.
  static func checkNoLogIsLeft(of path: String) throws(EventoError) {
    let log = DatabasePath.resolved(path) + "-wal"
    // In this order: another process may be creating the store, and its log gets content only after the database has.
    guard FileSystem.size(log) > 0, FileSystem.size(path) == 0 else { return }
    throw EventoError(
      .invalidRequest,
      "\(log) has \(FileSystem.size(log)) bytes of a database that no longer exists. Put the database back, or move the log away."
    )
  }

  /// Returns the permissions of the file, plus read and write for its owner: a backup may be read-only, a store may
  /// not.
  static func permissions(ofCopyOf path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 | 0o600 : 0o600
  }

  /// Returns the number of events and the size of a store that no process is writing to.
  static func measure(_ path: String) throws -> SQLiteExecutor.Copy {
    let connection = try look(at: path)
    defer { connection.close() }
    return SQLiteExecutor.Copy(events: Int(try connection.logEnd().position), bytes: FileSystem.size(path))
  }

  /// Serializes creation. Closing a file releases all locks that the process holds on it
  /// (https://sqlite.org/howtocorrupt.html §2.2), so no connection of this process may be open at that time.
  private static let creation = Mutex(())
}
