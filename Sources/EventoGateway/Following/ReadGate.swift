internal import DequeModule
internal import Evento
internal import Synchronization

/// Lets a few through at once; the others wait in line.
final class ReadGate: Sendable {
  /// The error of those that are outside when the gate is closed.
  struct Closed: Error {}

  private struct State {
    var inside = 0
    var isClosed = false
    /// The code that removes one resumes it, so each is resumed once: with `true` if it is inside.
    var waiting: [Int: CheckedContinuation<Bool, Never>] = [:]
    /// Numbers in order of arrival. Those of cancelled tasks stay until their turn.
    var line: Deque<Int> = []
  }

  private let state = Mutex(State())
  private let arrivals = Atomic(0)
  private let limit: Int

  /// - Parameter limit: how many may be inside.
  init(limit: Int) {
    self.limit = limit
  }

  var inside: Int { state.withLock { $0.inside } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs the body once there is room inside.
  ///
  /// - Throws: ``Closed`` if the gate is closed before that; `requestDropped` if the task is cancelled before that: it
  ///   leaves the line.
  func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async throws -> Value {
    guard await enter() else {
      if state.withLock({ $0.isClosed }) { throw Closed() }
      throw EventoError.requestDropped
    }
    defer { leave() }
    return try await body()
  }

  /// - Returns: whether it is inside.
  private func enter() async -> Bool {
    let number = arrivals.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isInside = state.withLock { state -> Bool? in
          // If the task is cancelled later, the handler finds the continuation.
          if Task.isCancelled || state.isClosed { return false }
          guard state.inside < limit else {
            state.waiting[number] = continuation
            state.line.append(number)
            return nil
          }
          state.inside += 1
          return true
        }
        if let isInside { continuation.resume(returning: isInside) }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: false)
    }
  }

  /// Lets nobody in from now on. Those that are inside go on.
  func close() {
    let waiting = state.withLock { state in
      state.isClosed = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(returning: false) }
  }

  private func leave() {
    state.withLock { state -> CheckedContinuation<Bool, Never>? in
      while let number = state.line.popFirst() {
        if let next = state.waiting.removeValue(forKey: number) { return next }
      }
      state.inside -= 1
      return nil
    }?.resume(returning: true)
  }
}
