#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The file that a Unix socket is found by.
enum UnixSocketFile {
  /// Removes a socket's file that a process left which is gone.
  ///
  /// - Throws: `EADDRINUSE` where somebody listens on it; `EEXIST` where it is a file of another kind.
  static func removeStale(_ path: String) throws(SystemError) {
    let operation = "listen on the Unix socket \(path)"
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError(operation, EEXIST) }
    let address = try SocketAddress(unixPath: path)
    let probe = Descriptor(try systemCall { socket(AF_UNIX, SocketType.stream, 0) }.orThrow(operation))
    // Where the other one's backlog is full, a connect that blocks would wait for it.
    try probe.setNonBlocking()
    switch systemCall({ address.withPointer { connect(probe.number, $0, $1) } }) {
    case .failure(Errno(ECONNREFUSED)): remove(path)
    case .success, .failure: throw SystemError(operation, EADDRINUSE)
    }
  }

  /// - Throws: what the system says; the file is removed then.
  static func setPermissions(_ permissions: UInt16, of path: String) throws(SystemError) {
    do throws(SystemError) {
      _ = try systemCall { chmod(path, mode_t(permissions)) }.orThrow("set who may use the Unix socket \(path)")
    } catch {
      remove(path)
      throw error
    }
  }

  static func remove(_ path: String) {
    // It fails where the file is gone already, which is what is wanted.
    _ = unlink(path)
  }
}
