#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// How many descriptors the process may have, which bounds its connections as ``ServerConfiguration/connections`` does.
public enum DescriptorLimit {
  /// Raises the soft limit (`ulimit -n`) to that many, or as far as the hard limit allows; never lowers it.
  ///
  /// It is the whole process's limit, so that a server does not raise it by itself.
  /// - Returns: the soft limit from then on.
  @discardableResult public static func raise(to count: Int) -> Int {
    var limit = rlimit()
    guard getrlimit(descriptors, &limit) == 0 else { return 0 }
    let wanted = min(rlim_t(clamping: count), limit.rlim_max)
    guard wanted > limit.rlim_cur else { return Int(clamping: limit.rlim_cur) }
    let before = limit.rlim_cur
    limit.rlim_cur = wanted
    return Int(clamping: setrlimit(descriptors, &limit) == 0 ? wanted : before)
  }

  #if canImport(Glibc)
    private static var descriptors: Int32 { Int32(RLIMIT_NOFILE.rawValue) }
  #else
    private static var descriptors: Int32 { RLIMIT_NOFILE }
  #endif
}
