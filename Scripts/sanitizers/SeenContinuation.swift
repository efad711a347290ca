internal import Glibc

/// Takes the place of `CheckedContinuation` in a build for ThreadSanitizer, which on Linux does not see that what comes
/// before `resume` happens before what comes after the `await`: it reports the first change of any object that was made
/// on a Dispatch queue and handed over. A lock that both sides take tells it so.
struct SeenContinuation<Value, Failure: Error>: Sendable {
  fileprivate let base: CheckedContinuation<Value, Failure>
  fileprivate let handover: Handover

  func resume(returning value: sending Value) {
    handover.pass()
    base.resume(returning: value)
  }

  func resume(throwing error: Failure) {
    handover.pass()
    base.resume(throwing: error)
  }

  func resume() where Value == Void {
    resume(returning: ())
  }

  func resume(with result: sending Result<Value, Failure>) {
    handover.pass()
    base.resume(with: result)
  }
}

private final class Handover: @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    lock = .allocate(capacity: 1)
    lock.initialize(to: pthread_mutex_t())
    pthread_mutex_init(lock, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    lock.deallocate()
  }

  func pass() {
    pthread_mutex_lock(lock)
    pthread_mutex_unlock(lock)
  }
}

func withSeenContinuation<Value>(
  isolation: isolated (any Actor)? = #isolation, function: String = #function,
  _ body: (SeenContinuation<Value, Never>) -> Void
) async -> sending Value {
  let handover = Handover()
  let value = await withCheckedContinuation(isolation: isolation, function: function) {
    body(SeenContinuation(base: $0, handover: handover))
  }
  handover.pass()
  return value
}

func withSeenThrowingContinuation<Value>(
  isolation: isolated (any Actor)? = #isolation, function: String = #function,
  _ body: (SeenContinuation<Value, any Error>) -> Void
) async throws -> sending Value {
  let handover = Handover()
  defer { handover.pass() }
  return try await withCheckedThrowingContinuation(isolation: isolation, function: function) {
    body(SeenContinuation(base: $0, handover: handover))
  }
}
