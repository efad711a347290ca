internal import Synchronization

/// Checks the arguments of a call that has a completion. If they are invalid, completes it with the error.
///
/// - Returns: True if the call can begin.
package func passes<Value>(
  _ completion: (Result<Value, EventoError>) -> Void, _ checks: () throws -> Void
) -> Bool {
  do {
    try checks()
    return true
  } catch {
    completion(.failure(EventoError(wrapping: error)))
    return false
  }
}

/// Makes a call that has a completion, and returns its result. If the task is cancelled, the call is dropped, unless its
/// work has begun.
package func withCompletion<Value: Sendable>(
  _ call: (
    _ isCancelled: @escaping @Sendable () -> Bool,
    _ completion: @escaping @Sendable (Result<Value, EventoError>) -> Void
  ) -> Void
) async throws(EventoError) -> Value {
  let cancellation = CancellationFlag()
  let result = await withTaskCancellationHandler {
    await withCheckedContinuation { continuation in
      call({ cancellation.isSet }, { continuation.resume(returning: $0) })
    }
  } onCancel: {
    cancellation.set()
  }
  return try result.get()
}

/// Cancels work that has not begun, because no caller waits for its result.
package final class CancellationFlag: Sendable {
  private let flag = Atomic(false)

  package init() {}

  package var isSet: Bool { flag.load(ordering: .relaxed) }

  package func set() { flag.store(true, ordering: .relaxed) }
}
