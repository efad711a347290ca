#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The files of a database that is open: the database, its write-ahead log and the shared memory.
///
/// A process goes on writing to a file that has been removed or replaced, without an error, and all of it is gone with the
/// process (https://sqlite.org/howtocorrupt.html §4.1 to §4.4). So the names are looked up again.
struct StoreFiles {
  private struct Identity: Equatable {
    let device: UInt64
    let number: UInt64
  }

  /// What a name leads to.
  private enum Lookup: Equatable {
    case file(Identity)
    case nothing
    /// The system did not say: that proves nothing.
    case unknown

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else {
        self = errno == ENOENT || errno == ENOTDIR ? .nothing : .unknown
        return
      }
      self = .file(
        Identity(
          device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(truncatingIfNeeded: status.st_ino)))
    }
  }

  private let files: [(path: String, opened: Lookup)]

  /// - Parameter path: of the database, which a connection has read or written, so that the other files exist.
  init(_ path: String) {
    files = ["", "-wal", "-shm"].map { (path + $0, Lookup(path + $0)) }
  }

  /// The first file whose name no longer leads to it.
  ///
  /// - Complexity: three system calls.
  func firstDisplaced() -> String? {
    files.first { file in
      let now = Lookup(file.path)
      return now != .unknown && now != file.opened
    }?.path
  }

  /// The path of the write-ahead log.
  var logPath: String { files[1].path }

  /// Bytes of the write-ahead log.
  var logBytes: Int {
    var status = stat()
    return stat(logPath, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Bytes that this process may still write to the file system of the database; `nil` if that does not say.
  var freeBytes: Int? {
    var status = statvfs()
    guard statvfs(files[0].path, &status) == 0, status.f_blocks > 0 else { return nil }
    // Some blocks are kept for the superuser.
    let blocks = UInt64(geteuid() == 0 ? status.f_bfree : status.f_bavail)
    return Int(clamping: blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
