internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Queries about the file of a store, without opening it as one.
enum StoreFile {
  /// Returns whether the name exists, even as a dangling link.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Returns whether the path is a dangling link.
  static func isLinkToNothing(_ path: String) -> Bool {
    var status = stat()
    return exists(path) && stat(path, &status) != 0 && errno == ENOENT
  }

  /// Returns whether the path leads to a folder.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Returns the size of the file; 0 if unknown.
  static func size(_ path: String) -> Int { bytes(path) ?? 0 }

  /// Returns the size of the file; `nil` if unknown.
  static func bytes(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Returns whether two paths lead to the same file.
  static func areSame(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// Opens a connection that leaves all files unchanged. If the database has a log, a writing connection would move it
  /// into the database when closed. If it has none, a reading one would leave an empty log, and can't on a read-only
  /// file system (https://sqlite.org/wal.html#readonly).
  static func look(
    at path: String, busyTimeout: Duration = .zero
  ) throws(SQLiteFailure) -> Connection {
    // SQLite follows links, and keeps the log next to the target.
    let resolved = DatabasePath.resolved(path)
    let access: Connection.Access =
      if exists(resolved + "-wal") { .reading } else if FileSystem.isReadOnly(resolved) { .readingImmutable } else {
        .writing
      }
    return try Connection(path: path, busyTimeout: busyTimeout, for: access)
  }

  /// Opens an existing store to read it.
  ///
  /// - Parameter kind: The word for it in errors.
  /// - Throws: ``EventoError`` if it is not a store, or has a newer version.
  static func open(_ path: String, as kind: String = "database") throws -> Connection {
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
    guard size(log) > 0, size(path) == 0 else { return }
    throw EventoError(
      .invalidRequest,
      "\(log) has \(size(log)) bytes of a database that no longer exists. Put the database back, or move the log away."
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
    return SQLiteExecutor.Copy(events: Int(try connection.logEnd().position), bytes: size(path))
  }
}
