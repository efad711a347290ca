#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The file of a Unix socket.
enum UnixSocketFile {
  /// Removes a socket's file that a terminated process left behind.
  ///
  /// - Throws: `EADDRINUSE` if a process listens on it; `EEXIST` if it is a file of another kind.
  static func removeStale(_ path: String) throws(SystemError) {
    let (operation, subject) = ("listen on the Unix socket \(path)", SystemError.Subject.unixSocket(path: path))
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFSOCK else { throw SystemError(operation, EEXIST, on: subject) }
    let address = try SocketAddress(unixPath: path)
    let probe = Descriptor(try systemCall { socket(AF_UNIX, SocketType.stream, 0) }.orThrow(operation))
    // If the backlog of the other process is full, a blocking connect would wait for it.
    try probe.setNonBlocking()
    switch systemCall({ address.withPointer { connect(probe.number, $0, $1) } }) {
    case .failure(Errno(ECONNREFUSED)): remove(path)
    case .success, .failure: throw SystemError(operation, EADDRINUSE, on: subject)
    }
  }

  /// Limits the permissions with which the socket's file is created, before it is bound.
  ///
  /// Linux creates the file with the permissions of the socket, less the umask (`unix_bind_bsd` in net/unix/af_unix.c),
  /// so it never has more than these. On other systems, only the umask counts.
  static func limitPermissions(_ permissions: UInt16, of socket: borrowing Descriptor) throws(SystemError) {
    #if os(Linux)
      _ = try systemCall { fchmod(socket.number, mode_t(permissions)) }.orThrow("set who may use the Unix socket")
    #endif
  }

  /// Sets the permissions of a socket's file, whatever the umask, before the socket listens: no process can connect
  /// before that, so there is no moment with wider permissions.
  ///
  /// It uses the name, because no system offers a descriptor of a socket's file; but a link in its place is not
  /// followed.
  ///
  /// - Throws: The system's error; the file is removed then.
  static func setPermissions(_ permissions: UInt16, of path: String) throws(SystemError) {
    var status = stat()
    if lstat(path, &status) == 0, status.st_mode & 0o777 == mode_t(permissions) { return }
    do throws(SystemError) {
      _ = try systemCall {
        let code = fchmodat(AT_FDCWD, path, mode_t(permissions), AT_SYMLINK_NOFOLLOW)
        // Older systems can't leave links alone (man 2 fchmodat): this was a socket a moment ago.
        guard code != 0, errno == EOPNOTSUPP || errno == ENOSYS, status.st_mode & S_IFMT == S_IFSOCK else {
          return code
        }
        return chmod(path, mode_t(permissions))
      }
      .orThrow("set who may use the Unix socket \(path)")
    } catch {
      remove(path)
      throw error
    }
  }

  /// Identifies a file, whatever its name.
  struct Identity: Equatable, Sendable {
    let device: UInt64
    let inode: UInt64
  }

  /// Returns the file at a path, or `nil` if there is none.
  static func identity(of path: String) -> Identity? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    return Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
  }

  /// Removes the file at a path if it is still this one. Another process may have created its own there since.
  ///
  /// Call it while the socket is open, so that its inode is not reused for another file.
  static func remove(_ path: String, ifItIs identity: Identity?) {
    guard let identity, self.identity(of: path) == identity else { return }
    remove(path)
  }

  static func remove(_ path: String) {
    // It fails if the file no longer exists, which is the wanted state.
    _ = unlink(path)
  }
}
