internal import Evento

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Ends the wait of a connection from another thread, once and for good: a pipe whose reading end becomes readable.
final class Wakeup: Sendable {
  /// Readable from the call of ``wake()`` on.
  let descriptor: Int32
  private let writer: Int32

  init() throws(EventoError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw EventoError(
        .unavailable, "The process can't open more files. Raise its limit.", cause: "pipe: errno \(errno)")
    }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    (descriptor, writer) = (ends[0], ends[1])
  }

  deinit {
    close(descriptor)
    close(writer)
  }

  func wake() {
    // If the pipe is full, it has been woken often enough.
    _ = withUnsafeBytes(of: UInt8(1)) { write(writer, $0.baseAddress, 1) }
  }
}
