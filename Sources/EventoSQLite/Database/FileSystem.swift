#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The file system of a path.
enum FileSystem {
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
}
