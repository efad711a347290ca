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

  /// Whether the path leads to a folder.
  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The size of the file; 0 if it can't be found out.
  static func size(_ path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Whether two names are of one file.
  static func areSame(_ one: String, _ other: String) -> Bool {
    var (first, second) = (stat(), stat())
    guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
    return first.st_dev == second.st_dev && first.st_ino == second.st_ino
  }

  /// A connection to look with, which leaves all as it is. Where a log has been left beside the database, one that may
  /// write would move it there when it is closed; where there is none, one that may not would leave an empty one.
  static func look(
    at path: String, busyTimeout: Duration = .zero
  ) throws(SQLiteFailure) -> Connection {
    try Connection(path: path, busyTimeout: busyTimeout, for: exists(path + "-wal") ? .reading : .writing)
  }

  /// Opens a store that is there, to read it.
  ///
  /// - Parameter kind: what an error calls it.
  /// - Throws: ``EventoError`` where it is none, or of a newer version.
  static func open(_ path: String, as kind: String = "database") throws -> Connection {
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else {
        throw EventoError(.invalidRequest, "\(path) can't be opened: \(String(cString: strerror(errno))).")
      }
      throw EventoError(.invalidRequest, "There is no \(kind) \(path). Check the path.")
    }
    guard !isFolder(path) else { throw EventoError.isFolder(path) }
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
