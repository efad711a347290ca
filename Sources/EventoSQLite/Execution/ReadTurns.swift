internal import Synchronization

/// The turns of readers, each at most one transaction long, and what the writer does to them so that the write-ahead log
/// can be restarted.
final class ReadTurns: Sendable {
  private struct State {
    var running = 0
    var isShut = false
    /// What retries the turns that could not begin.
    var held: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let shortens = Atomic(false)

  /// Begins a turn, unless none may begin now.
  ///
  /// - Parameter retry: called once turns may begin again, from the writer's thread, if this one could not: it must not
  ///   block.
  /// - Returns: whether it has begun.
  func begin(orLater retry: @escaping @Sendable () -> Void) -> Bool {
    state.withLock { state in
      guard !state.isShut else {
        state.held.append(retry)
        return false
      }
      state.running += 1
      return true
    }
  }

  func end() { state.withLock { $0.running -= 1 } }

  /// Whether a reader of this store may be in a transaction.
  var areAny: Bool { state.withLock { $0.running > 0 } }

  /// Whether a reader is to end its transaction after the read that it is in.
  var areShort: Bool { shortens.load(ordering: .relaxed) }

  func shorten<Value>(during body: () throws(SQLiteFailure) -> Value) throws(SQLiteFailure) -> Value {
    shortens.store(true, ordering: .relaxed)
    defer { shortens.store(false, ordering: .relaxed) }
    return try body()
  }

  /// Lets no turn begin until ``open()``. Those that run go on.
  func shut() { state.withLock { $0.isShut = true } }

  func open() {
    let held = state.withLock { state in
      state.isShut = false
      defer { state.held = [] }
      return state.held
    }
    for retry in held { retry() }
  }
}
