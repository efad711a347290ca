import Evento
import EventoSQLite

/// A wrapper that calls back as its store does, with as much of it changed as a test wants.
protocol CallbackWrapper: StoreWrapper, CallbackExecutor where Store == SQLiteExecutor {}

extension CallbackWrapper {
  var metrics: StoreMetrics? { store.metrics }

  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    store.write(events, condition: condition, unless: isCancelled, completion: completion)
  }

  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    store.viewPage(
      aggregators, routingKey: routingKey, args: args, unless: isCancelled, into: builder, completion: completion)
  }

  func viewEvent<Value: Sendable>(
    _ id: ULID, unless isCancelled: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void
  ) {
    store.viewEvent(id, unless: isCancelled, through: body, completion: completion)
  }

  func getSnapshot(
    _ key: SnapshotKey, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void
  ) {
    store.getSnapshot(key, unless: isCancelled, completion: completion)
  }

  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    store.checkReadiness(completion: completion)
  }
}
