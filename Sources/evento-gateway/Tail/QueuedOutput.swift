internal import Dispatch

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
