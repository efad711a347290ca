internal import ByteCoding
internal import Evento
internal import EventoPostgreSQL
internal import Foundation

/// Standard error of every command.
enum StandardError {
  /// Writes text, without passwords: an error may quote an argument. Nothing can be done if that fails: there is no
  /// other place to report it.
  ///
  /// - Returns: True if all of it was written.
  @discardableResult static func write(_ text: String) -> Bool {
    writeAll(Array(PostgreSQLURL.redacted(text).utf8), to: STDERR_FILENO) == nil
  }

  /// Writes a message of a store, for a command that has no log.
  static func write(_ notice: StoreNotice) {
    write(PrintableText.escaped(notice.message + (notice.cause.map { " (\($0))" } ?? "")) + "\n")
  }
}

/// Standard output of every command: unbuffered, so that an error appears while it can be reported.
enum StandardOutput {
  enum Failure: Error, CustomStringConvertible {
    /// The reader at the other end of the pipe has closed it.
    case closedByReader
    case refused(code: Int32)

    var description: String {
      switch self {
      case .closedByReader: "Can't write to standard output: its reader has closed it."
      case .refused(let code): "Can't write to standard output: \(String(cString: strerror(code)))."
      }
    }
  }

  static func print(_ line: String) throws(Failure) {
    try write(Array((line + "\n").utf8))
  }

  static func write(_ bytes: [UInt8]) throws(Failure) {
    guard let code = writeAll(bytes, to: STDOUT_FILENO) else { return }
    throw code == EPIPE ? .closedByReader : .refused(code: code)
  }
}

/// Standard output, written on a separate queue: a slow reader blocks only that thread.
struct QueuedOutput {
  private let queue = DispatchQueue(label: "standard output")

  func write(_ bytes: [UInt8]) async throws(StandardOutput.Failure) {
    let result = await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(
          returning: Result { () throws(StandardOutput.Failure) in try StandardOutput.write(bytes) })
      }
    }
    try result.get()
  }
}

enum StandardDescriptors {
  /// Opens the standard streams that are closed. Otherwise, the next file or socket would get their number, and a line
  /// of the log would go into a database or to a client. They can't be read or written.
  ///
  /// Call it before the process opens anything.
  static func reserve() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // It gets the lowest free number (POSIX, open). If it fails, nothing is worse than before.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }
}

/// Writes all bytes to a descriptor, and waits if it does not block.
///
/// - Returns: `nil`, or `errno` if not all bytes could be written.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
  var rest = bytes[...]
  while !rest.isEmpty {
    let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if count >= 0 {
      rest = rest.dropFirst(count)
      continue
    }
    switch errno {
    case EINTR: continue
    case EAGAIN:
      // Another process that shares it has set it to non-blocking.
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      poll(&entry, 1, -1)
    case let code: return code
    }
  }
  return nil
}
