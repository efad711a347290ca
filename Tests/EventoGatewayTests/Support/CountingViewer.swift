import Evento
import EventoSQLite
import Synchronization

/// A store that shows events where they lie, and counts how often it does.
final class CountingViewer: CallbackWrapper {
  let store: SQLiteExecutor
  private let count = Atomic(0)

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  var reads: Int { count.load(ordering: .relaxed) }
  var commits: CommitSignal? { store.commits }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    count.add(1, ordering: .relaxed)
    store.viewPage(
      aggregators, routingKey: routingKey, args: args, unless: isCancelled, into: builder, completion: completion)
  }
}
