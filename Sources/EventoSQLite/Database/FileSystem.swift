#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file system that a path is on.
enum FileSystem {
  /// Whether it is mounted so that nobody can write to it; not if that can't be found out.
  static func isReadOnly(_ path: String) -> Bool {
    var status = statvfs()
    return statvfs(path, &status) == 0 && status.f_flag & UInt(ST_RDONLY) != 0
  }

  /// Bytes that this process may still write to it; `nil` if it does not say.
  static func freeBytes(_ path: String) -> Int? {
    var status = statvfs()
    guard statvfs(path, &status) == 0, status.f_blocks > 0 else { return nil }
    // Some blocks are kept for the superuser.
    let blocks = UInt64(geteuid() == 0 ? status.f_bfree : status.f_bavail)
    return Int(clamping: blocks.multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
  }
}
