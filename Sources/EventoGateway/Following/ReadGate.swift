internal import Synchronization

/// Lets a few through at once; the others wait in line.
final class ReadGate: Sendable {
  private struct State {
    var inside = 0
    var arrived: [CheckedContinuation<Void, Never>] = []
    /// The next one last.
    var next: [CheckedContinuation<Void, Never>] = []

    /// - Complexity: amortized O(1).
    mutating func popFirst() -> CheckedContinuation<Void, Never>? {
      if next.isEmpty {
        next = arrived.reversed()
        arrived.removeAll(keepingCapacity: true)
      }
      return next.popLast()
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: how many may be inside.
  init(limit: Int) {
    self.limit = limit
  }

  var inside: Int { state.withLock { $0.inside } }
  var waiting: Int { state.withLock { $0.arrived.count + $0.next.count } }

  /// Runs the body once there is room inside. One whose task is cancelled waits for its turn like others.
  func pass<Value: Sendable>(_ body: @Sendable () async -> Value) async -> Value {
    await enter()
    defer { leave() }
    return await body()
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        guard state.inside < limit else {
          state.arrived.append(continuation)
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
      let next = state.popFirst()
      if next == nil { state.inside -= 1 }
      return next
    }?.resume()
  }
}
