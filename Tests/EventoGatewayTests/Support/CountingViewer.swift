import Evento
import EventoSQLite
import Synchronization

/// A store that shows events where they lie, and counts how often it does and with which filter it was asked.
final class CountingViewer: CallbackWrapper {
  let store: SQLiteExecutor
  private let counts = Mutex((all: 0, filtered: 0))

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  /// Of these, those for a filter are those of followers: the gateway looks for all of them without one.
  var reads: (all: Int, filtered: Int) { counts.withLock { $0 } }
  var commits: CommitSignal? { store.commits }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless mustDrop: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    counts.withLock { counts in
      counts.all += 1
      if aggregators != nil { counts.filtered += 1 }
    }
    store.viewPage(
      aggregators, routingKey: routingKey, args: args, unless: mustDrop, into: builder, completion: completion)
  }
}
