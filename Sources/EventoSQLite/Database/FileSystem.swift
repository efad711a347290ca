internal import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Queries about files, folders and their file system, and the syncs that SQLite does not do by itself.
enum FileSystem {
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

  /// Returns the folder of a path.
  static func folder(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  // MARK: The file system of a path

  /// Returns whether it is mounted read-only; false if that is unknown.
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
    guard descriptor >= 0 else { throw failure("open the folder \(folder)") }
    defer { close(descriptor) }
    guard sync(descriptor) else { throw failure("sync the folder \(folder)") }
  }

  /// Writes the bytes of a file again in place, and syncs it, so that they are on disk even if an earlier sync failed. Does
  /// nothing if there is no such file.
  static func rewrite(_ path: String) throws(SQLiteFailure) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return }
      throw failure("open \(path)")
    }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var offset: off_t = 0
    while true {
      let count = pread(descriptor, &bytes, bytes.count, offset)
      guard count >= 0 else { throw failure("read \(path)") }
      guard count > 0 else { break }
      var written = 0
      while written < count {
        let result = bytes.withUnsafeBytes { bytes in
          bytes.baseAddress.map { pwrite(descriptor, $0 + written, count - written, offset + off_t(written)) } ?? 0
        }
        guard result > 0 || result < 0 && errno == EINTR else { throw failure("write \(path) again") }
        written += max(result, 0)
      }
      offset += off_t(count)
    }
    guard offset == 0 || sync(descriptor) else { throw failure("sync \(path)") }
  }

  /// The failure of the last system call.
  private static func failure(_ action: String) -> SQLiteFailure {
    let error = errno
    return SQLiteFailure(
      code: SQLITE_IOERR, message: String(cString: strerror(error)), action: action, systemError: error)
  }
}
