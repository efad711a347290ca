internal import Synchronization

/// The turns of readers, each at most one transaction long. The writer shortens or stops them to restart the
/// write-ahead log.
final class ReadTurns: Sendable {
  private struct State {
    var running = 0
    var isBlocked = false
    /// The calls that retry the turns that could not begin.
    var held: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let shortens = Atomic(false)

  /// Begins a turn, unless none may begin now.
  ///
  /// - Parameter retry: If this turn could not begin, called once turns may begin again, from the writer's thread. It
  ///   must not block.
  /// - Returns: True if the turn has begun.
  func begin(orLater retry: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard !state.isBlocked else {
        state.held.append(retry)
        return false
      }
      state.running += 1
      return true
    }
  }

  func end() { state.withLock { $0.running -= 1 } }

  /// True if a reader of this store may be in a transaction.
  var isAnyRunning: Bool { state.withLock { $0.running > 0 } }

  /// True if readers must end their transaction after the current read.
  var mustEndEarly: Bool { shortens.load(ordering: .relaxed) }

  func shorten<Value>(during body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
    shortens.store(true, ordering: .relaxed)
    defer { shortens.store(false, ordering: .relaxed) }
    return try body()
  }

  /// Lets no turn begin until ``unblock()``. Running turns continue.
  func block() { state.withLock { $0.isBlocked = true } }

  func unblock() {
    let held = state.withLock { state in
      state.isBlocked = false
      defer { state.held = [] }
      return state.held
    }
    for retry in held { retry() }
  }
}
