internal import CSQLite
internal import Evento
internal import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file of a database, before SQLite opens it.
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
    if StoreFile.bytes(file) == 0 { unlink(file) }
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

  /// Serialises creation. Closing a file releases all locks that the process holds on it
  /// (https://sqlite.org/howtocorrupt.html §2.2), so no connection of this process may be open at that time.
  private static let creation = Mutex(())
}
