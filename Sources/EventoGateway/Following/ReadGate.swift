internal import DequeModule
internal import Synchronization

/// Lets a few through at once; the others wait in line.
final class ReadGate: Sendable {
  private struct State {
    var inside = 0
    var waiting: Deque<CheckedContinuation<Void, Never>> = []
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: how many may be inside.
  init(limit: Int) {
    self.limit = limit
  }

  var inside: Int { state.withLock { $0.inside } }
  var waiting: Int { state.withLock { $0.waiting.count } }

  /// Runs the body once there is room inside. One whose task is cancelled waits for its turn like others.
  func pass<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
    await enter()
    defer { leave() }
    return try await body()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.inside < limit else {
          state.waiting.append(continuation)
          return false
        }
        state.inside += 1
        return true
      }
      if isFree { continuation.resume() }
    }
  }

  private func leave() {
    state.withLock { state in
      let next = state.waiting.popFirst()
      if next == nil { state.inside -= 1 }
      return next
    }?.resume()
  }
}
