internal import Evento
internal import Foundation
internal import Synchronization

/// A file or a pipe, read on a separate queue: a slow writer blocks only that thread, and a cancelled task does not wait
/// for it.
final class QueuedInput: Sendable {
  private let name: String
  /// The size of a file, in bytes; `nil` for a pipe.
  let size: Int?
  private let descriptor: Int32
  private let queue: DispatchQueue

  private static let chunk = 256 << 10

  private init(_ name: String, _ descriptor: Int32, _ queue: DispatchQueue) {
    (self.name, self.descriptor, self.queue) = (name, descriptor, queue)
    var status = stat()
    let isFile = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    size = isFile ? Int(status.st_size) : nil
  }

  /// Opens a file. A named pipe waits for its writer.
  ///
  /// - Parameters:
  ///   - path: The file; `-` for standard input.
  ///   - name: The name in errors.
  /// - Throws: `invalid_request` if it can't be opened.
  static func open(_ path: String, name: String) async throws -> QueuedInput {
    let queue = DispatchQueue(label: "input")
    guard path != "-" else { return QueuedInput(name, STDIN_FILENO, queue) }
    return try await withCheckedThrowingContinuation { continuation in
      queue.async {
        let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
        let failure = descriptor >= 0 ? nil : String(cString: strerror(errno))
        continuation.resume(
          with: Result {
            if let failure { throw EventoError(.invalidRequest, "\(name) can't be opened: \(failure).") }
            return QueuedInput(name, descriptor, queue)
          })
      }
    }
  }

  deinit {
    if descriptor != STDIN_FILENO { close(descriptor) }
  }

  /// - Returns: The next bytes; none at the end.
  /// - Throws: `unavailable` if it can't be read; `CancellationError`.
  func read() async throws -> [UInt8] {
    let isCancelled = Mutex(false)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async { [self] in continuation.resume(with: Result { try read { isCancelled.withLock(\.self) } }) }
      }
    } onCancel: {
      isCancelled.withLock { $0 = true }
    }
  }

  private func read(isCancelled: () -> Bool) throws -> [UInt8] {
    while true {
      // A pipe may have nothing for a long time.
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, 100) != 0 else {
        if isCancelled() { throw CancellationError() }
        continue
      }
      var count = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, initialized in
        count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
        initialized = max(count, 0)
      }
      if count >= 0 { return bytes }
      guard errno != EINTR, errno != EAGAIN else { continue }
      throw EventoError(.unavailable, "\(name) can't be read: \(String(cString: strerror(errno))).")
    }
  }
}
