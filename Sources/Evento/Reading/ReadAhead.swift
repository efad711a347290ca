/// A read that has begun before its result is needed. Releasing it cancels the read.
final class ReadAhead<Value: Sendable>: Sendable {
  private let task: Task<Value, any Error>

  init(_ read: @escaping @Sendable () async throws -> Value) {
    task = Task { try await read() }
  }

  deinit {
    task.cancel()
  }

  /// Returns the result; waits for it. If the waiting task is cancelled, so is the read.
  func value() async throws -> Value {
    try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
