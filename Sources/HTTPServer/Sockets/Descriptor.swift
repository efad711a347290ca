#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file descriptor, closed when it goes out of scope.
struct Descriptor: ~Copyable {
  let number: Int32

  init(_ number: Int32) {
    self.number = number
  }

  deinit {
    // Not retried on EINTR: the descriptor is closed either way, and another thread may have its number by then.
    _ = close(number)
  }

  /// Makes calls on it non-blocking, and closes it on exec.
  func setNonBlocking() throws(SystemError) {
    let flags = try systemCall { fcntl(number, F_GETFL) }.orThrow("fcntl")
    _ = try systemCall { fcntl(number, F_SETFL, flags | O_NONBLOCK) }.orThrow("fcntl")
    _ = try systemCall { fcntl(number, F_SETFD, FD_CLOEXEC) }.orThrow("fcntl")
  }

  /// Sets a socket's numeric option.
  func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    _ = try systemCall {
      setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }.orThrow("setsockopt")
  }
}

/// The process's limit of descriptors, which bounds its connections like ``ServerConfiguration/connections``.
package enum DescriptorLimit {
  /// The soft limit; `nil` if it can't be found.
  package static var current: Int? {
    var limit = rlimit()
    return getrlimit(descriptors, &limit) == 0 ? Int(clamping: limit.rlim_cur) : nil
  }

  /// Raises the soft limit (`ulimit -n`) to this number, or as far as the hard limit allows; never lowers it.
  ///
  /// It is the limit of the whole process, so a server does not raise it by itself.
  ///
  /// - Returns: The soft limit from then on.
  @discardableResult package static func raise(to count: Int) -> Int {
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
