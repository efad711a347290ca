internal import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Syncs what SQLite does not sync by itself.
enum FileSync {
  /// - Returns: True if the written data is on disk; if not, `errno` has the reason.
  static func sync(_ descriptor: Int32) -> Bool {
    #if canImport(Darwin)
      // Includes the drive's cache, if the file system supports it: man 2 fsync.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return true }
    #endif
    return fsync(descriptor) == 0
  }

  /// Makes a new file's name durable.
  ///
  /// SQLite syncs a database's content, and the folder only for its journals: without this, a power failure right after
  /// the first start could lose the name of the file, and with it confirmed writes.
  static func sync(folderOf path: String) throws(SQLiteFailure) {
    let folder = folder(of: path)
    let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(folder) }
    defer { close(descriptor) }
    guard sync(descriptor) else { throw failure(folder) }
  }

  /// Returns the folder of a path.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  private static func failure(_ folder: String) -> SQLiteFailure {
    let error = errno
    return SQLiteFailure(
      code: SQLITE_IOERR, message: String(cString: strerror(error)), action: "sync the folder \(folder)",
      systemError: error)
  }
}
