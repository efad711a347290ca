internal import Dispatch
internal import Foundation

/// Standard output, written to on a queue of its own: a slow reader keeps that one thread waiting, and nobody else.
struct StandardOutput {
  enum Failure: Error, CustomStringConvertible {
    /// The reader at the other end of the pipe has gone.
    case nobodyReads
    case refused(code: Int32)

    var description: String {
      switch self {
      case .nobodyReads: "nobody reads standard output any more"
      case .refused(let code): "standard output can't be written to: \(String(cString: strerror(code)))"
      }
    }
  }

  private let queue = DispatchQueue(label: "standard output")

  func write(_ bytes: [UInt8]) async throws(Failure) {
    let result = await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: Self.writeAll(bytes)) }
    }
    try result.get()
  }

  private static func writeAll(_ bytes: [UInt8]) -> Result<Void, Failure> {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Foundation.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 {
        written += count
      } else if errno == EPIPE {
        return .failure(.nobodyReads)
      } else if errno != EINTR {
        return .failure(.refused(code: errno))
      }
    }
    return .success(())
  }
}
