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
    // Not tried again on EINTR: the descriptor is gone either way, and its number may be another's by then.
    _ = close(number)
  }

  /// Makes calls on it return at once, and closes it on exec.
  func setNonBlocking() throws(SystemError) {
    let flags = try systemCall { fcntl(number, F_GETFL) }.orThrow("fcntl")
    _ = try systemCall { fcntl(number, F_SETFL, flags | O_NONBLOCK) }.orThrow("fcntl")
    _ = try systemCall { fcntl(number, F_SETFD, FD_CLOEXEC) }.orThrow("fcntl")
  }

  /// Sets a socket's option that is a number.
  func setOption(_ level: Int32, _ name: Int32, _ value: Int32) throws(SystemError) {
    var value = value
    _ = try systemCall {
      setsockopt(number, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }.orThrow("setsockopt")
  }
}
