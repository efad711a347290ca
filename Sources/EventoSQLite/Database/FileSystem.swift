internal import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the system says of files, folders and the file system they are on, and what SQLite does not sync by itself.
enum FileSystem {
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

  /// The folder that a path leads to.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  // MARK: The file system of a path

  /// Whether it is mounted so that nobody can write to it; not if that can't be found out.
  static func isReadOnly(_ path: String) -> Bool {
    var status = statvfs()
    return statvfs(path, &status) == 0 && status.f_flag & UInt(ST_RDONLY) != 0
  }

  /// Returns the bytes that this process can still write to it; `nil` if unknown.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    // Some blocks are reserved for the superuser.
    let blocks = UInt64(geteuid() == 0 ? status.f_bfree : status.f_bavail)
    return Int(clamping: blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }

  // MARK: Syncing

  /// - Returns: whether what was written is on disk; where not, `errno` says why.
  static func sync(_ descriptor: Int32) -> Bool {
    #if canImport(Darwin)
      // Through the drive's cache, where the file system can: man 2 fsync.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return true }
    #endif
    return fsync(descriptor) == 0
  }

  /// Makes a new file's name durable.
  ///
  /// SQLite syncs a database's content, and the folder only for its journals: without this, a power failure right after
  /// the first start could lose the name of the file, and with it what was answered.
  static func sync(folderOf path: String) throws(SQLiteFailure) {
    let folder = folder(of: path)
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard sync(descriptor) else { throw failure(folder) }
  }

  private static func failure(_ folder: String) -> SQLiteFailure {
    let error = errno
    return SQLiteFailure(
      code: SQLITE_IOERR, message: String(cString: strerror(error)), action: "sync the folder \(folder)",
      systemError: error)
  }
}
