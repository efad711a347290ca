import Evento
import EventoSQLite
import Synchronization

/// A store that counts how often it is read.
final class CountingExecutor: StoreWrapper {
  let store: SQLiteExecutor
  private let count = Atomic(0)

  init(_ store: SQLiteExecutor) {
    self.store = store
  }

  var reads: Int { count.load(ordering: .relaxed) }
  var commits: CommitSignal? { store.commits }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    count.add(1, ordering: .relaxed)
    return try await store.read(aggregators, routingKey: routingKey, args: args)
  }
}
