internal import DequeModule
internal import Evento
internal import Synchronization

/// Gives a number of permits to tasks; the others wait in a queue.
final class AsyncSemaphore: Sendable {
  /// The error of tasks that wait when the semaphore is closed.
  struct Closed: Error {}

  private struct State {
    var permitsInUse = 0
    var isClosed = false
    /// The continuations of waiting tasks. The code that removes one resumes it, so each is resumed once: with `true`
    /// if it has a permit.
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    /// The numbers in order of arrival. Those of cancelled tasks stay until their turn.
    var queue: Deque<Int> = []
  }

  private let state = Mutex(State())
  private let arrivals = Atomic(0)
  private let permits: Int

  init(permits: Int) {
    self.permits = permits
  }

  var permitsInUse: Int { state.withLock { $0.permitsInUse } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs the body with a permit, once there is one.
  ///
  /// - Throws: ``Closed`` if the semaphore is closed first; `requestDropped` if the task is cancelled first: it leaves
  ///   the queue.
  func withPermit<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    guard await acquire() else {
      if state.withLock({ $0.isClosed }) { throw Closed() }
      throw EventoError.requestDropped
    }
    defer { release() }
    return try await body()
  }

  /// - Returns: True if it has a permit.
  private func acquire() async -> Bool {
    let number = arrivals.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let hasPermit = state.withLock { state -> Bool? in
          // If the task is cancelled later, the handler finds the continuation.
          if Task.isCancelled || state.isClosed { return false }
          guard state.permitsInUse < permits else {
            state.waiting[number] = continuation
            state.queue.append(number)
            return nil
          }
          state.permitsInUse += 1
          return true
        }
        if let hasPermit { continuation.resume(returning: hasPermit) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
    }
  }

  /// Gives no more permits. Tasks that have one continue.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(returning: false) }
  }

  /// Gives the permit to the first waiting task, if any.
  private func release() {
    state.withLock { state -> CheckedContinuation<Bool, Never>? in
      while let number = state.queue.popFirst() {
        if let next = state.waiting.removeValue(forKey: number) { return next }
      }
      state.permitsInUse -= 1
      return nil
    }?.resume(returning: true)
  }
}
