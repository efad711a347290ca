/// The frequent operations of an executor, each of which calls a closure when it ends.
///
/// A waiting task costs two changes of thread for each call, as much as the insert of a small event. A caller that has
/// its own thread to continue on, like the gateway, avoids this.
///
/// A completion is called once, on the store's own thread or the caller's, so it must not block. `isCancelled` returns
/// true if the caller has stopped waiting: work that has not begun is then dropped, with the error `unavailable`.
package protocol CallbackExecutor: Sendable {
  /// Writes like ``Executor/write(_:condition:)``.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void)

  /// Reads the page that ``Executor/read(_:routingKey:args:)`` would return, and passes its events to a builder in
  /// place, without creating a value for each.
  ///
  /// - Parameter builder: Called on the store's own thread when the read begins, and again if it is restarted. Its
  ///   result is used on that thread, and must not block.
  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void)

  /// Reads a page like the other `viewPage`, as long as the task is not cancelled.
  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value

  /// Finds an event by its id. The result is `nil` if there is none.
  ///
  /// - Parameter body: Called on the store's own thread; must not block.
  func viewEvent<Value: Sendable>(
    _ id: ULID, unless isCancelled: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void)

  /// Reads like ``Executor/getSnapshot(_:)``.
  func getSnapshot(
    _ key: SnapshotKey, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void)

  /// Checks like ``Executor/checkReadiness()``, so that a probe does not wait behind tasks.
  ///
  /// - Parameter completion: Gets the reason if the store can't accept writes.
  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void)

  /// Checks like ``checkReadiness(completion:)``, but without a test write, for `/metrics`: an idle store reports the
  /// outcome of its latest write.
  ///
  /// By default, it is the same check.
  func checkReadinessWithoutWriting(completion: @escaping @Sendable (EventoError?) -> Void)

  /// Reads numbers for `/metrics`. The result is `nil` if the store has none.
  ///
  /// - Parameter slowest: The maximum number of subscribers in ``StoreFigures/slowest``.
  func readFigures(slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void)

  /// A number that grows when events that were read before may no longer be in the log, because another server may have
  /// taken over that did not have them. What was read in another epoch must be read again before it is used.
  var epoch: UInt64 { get }

  /// The server of the database to which writes go, as `host:port`; `nil` for a store without one. While it can't be
  /// reached, it is the latest one.
  var databaseServer: String? { get }

  /// The current metrics, if the store has any.
  var metrics: StoreMetrics? { get }
}

extension CallbackExecutor {
  /// 0: the store loses no events.
  package var epoch: UInt64 { 0 }
  package var databaseServer: String? { nil }

  package func checkReadinessWithoutWriting(completion: @escaping @Sendable (EventoError?) -> Void) {
    checkReadiness(completion: completion)
  }

  package func readFigures(
    slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void
  ) {
    completion(.success(nil))
  }

  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value {
    try await withCompletion { isCancelled, completion in
      viewPage(
        aggregators, routingKey: routingKey, args: args, unless: isCancelled, into: builder, completion: completion)
    }
  }
}

/// Returns the callbacks of an executor, or a ``CallbackAdapter`` if it has none of its own.
package func callbacks(of executor: any Executor) -> any CallbackExecutor {
  executor as? any CallbackExecutor ?? CallbackAdapter(executor)
}
