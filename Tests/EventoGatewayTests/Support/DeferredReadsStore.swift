import Evento
import EventoSQLite
import Synchronization

/// A store whose reads with a filter wait, while it is told to hold them.
final class DeferredReadsStore: CallbackWrapper {
  private struct State {
    var holds: @Sendable ([ReadAggregator]) -> Bool = { _ in false }
    var held: [@Sendable () -> Void] = []
  }

  let store: SQLiteExecutor
  private let state = Mutex(State())

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  var commits: CommitSignal? { store.commits }
  /// How many reads are held.
  var held: Int { state.withLock { $0.held.count } }

  /// Holds the reads whose filters the closure returns `true` for, from now on.
  func hold(_ holds: @escaping @Sendable ([ReadAggregator]) -> Bool) {
    state.withLock { $0.holds = holds }
  }

  /// Has the store do the reads that are held, and returns how many there were.
  @discardableResult func release() -> Int {
    let held = state.withLock { state in
      defer { state.held = [] }
      return state.held
    }
    for read in held { read() }
    return held.count
  }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    let read: @Sendable () -> Void = { [store] in
      store.viewPage(
        aggregators, routingKey: routingKey, args: args, unless: isCancelled, into: builder, completion: completion)
    }
    let isHeld = state.withLock { state in
      guard let aggregators, state.holds(aggregators) else { return false }
      state.held.append(read)
      return true
    }
    if !isHeld { read() }
  }
}
