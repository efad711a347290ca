internal import CSQLite
internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file of a store, looked at from outside.
enum StoreFile {
  /// Whether there is anything of that name, a link to nothing among it.
  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Whether the path is that of a link to a file that does not exist.
  static func isLinkToNothing(_ path: String) -> Bool {
    var status = stat()
    return exists(path) && stat(path, &status) != 0 && errno == ENOENT
  }

  /// Whether the path leads to a folder.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The size of the file; 0 if it can't be found out.
  static func size(_ path: String) -> Int { bytes(path) ?? 0 }

  /// The size of the file; `nil` if it can't be found out.
  static func bytes(_ path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Whether two names are of one file.
  static func areSame(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// A connection to look with, which leaves all as it is. Where a log has been left beside the database, one that may
  /// write would move it there when it is closed; where there is none, one that may not would leave an empty one, and
  /// can't on a file system that is read-only (https://sqlite.org/wal.html#readonly).
  static func look(
    at path: String, busyTimeout: Duration = .zero
  ) throws(SQLiteFailure) -> Connection {
    // SQLite follows links, and has the log beside the file that they lead to.
    let resolved = DatabasePath.resolved(path)
    let access: Connection.Access =
      if exists(resolved + "-wal") { .reading } else if FileSystem.isReadOnly(resolved) { .readingImmutable } else {
        .writing
      }
    return try Connection(path: path, busyTimeout: busyTimeout, for: access)
  }

  /// Opens a store that is there, to read it.
  ///
  /// - Parameter kind: what an error calls it.
  /// - Throws: ``EventoError`` where it is none, or of a newer version.
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
      throw EventoError(
        .invalidRequest, "\(path) is not a whole SQLite database (\(failure.message)). Name another file.",
        cause: failure.error.cause)
    }
  }

  /// Makes sure that no log is left of a database that is missing or empty: SQLite removes it, and it may hold all that there
  /// is of a store.
  ///
  /// - Throws: `invalid_request`.
  static func checkNoLogIsLeft(of path: String) throws(EventoError) {
    let log = DatabasePath.resolved(path) + "-wal"
    // In this order: another process may be creating the store, whose log has something only after the database has.
    guard size(log) > 0, size(path) == 0 else { return }
    throw EventoError(
      .invalidRequest,
      "\(log) has \(size(log)) bytes of a database that is not there any more. Put the database back, or move the log away."
    )
  }

  /// Those of the file, and its owner may write: a backup may be kept from being written to, a store of it is written to.
  static func permissions(ofCopyOf path: String) -> mode_t {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 | 0o600 : 0o600
  }

  /// What a store that nobody writes to holds.
  static func measure(_ path: String) throws -> SQLiteExecutor.Copy {
    let connection = try look(at: path)
    defer { connection.close() }
    return SQLiteExecutor.Copy(events: Int(try connection.logEnd().position), bytes: size(path))
  }
}
