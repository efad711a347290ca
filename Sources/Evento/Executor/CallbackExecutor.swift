/// The frequent operations of an executor, each of which calls a closure when it ends.
///
/// A task that waits costs two changes of thread for each call, as much as the insert of a small event. A caller that has
/// a thread of its own to continue on, as the gateway has, does without.
///
/// A completion is called once, on the store's own thread or the caller's, so it must not block. `mustDrop` returns
/// whether the caller has stopped waiting: work that has not begun is then dropped, with the error `unavailable`.
package protocol CallbackExecutor: Sendable {
  /// Writes as ``Executor/write(_:condition:)`` does.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void)

  /// Reads the page that ``Executor/read(_:routingKey:args:)`` would return, and passes its events to a builder where
  /// they lie, so that no value is made of each.
  ///
  /// - Parameter builder: called on the store's own thread when the read begins, and again if it is run again from its
  ///   beginning. What it returns is used on that thread, and must not block.
  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless mustDrop: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void)

  /// Reads a page as the other `viewPage` does, for as long as the task is not cancelled.
  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value

  /// Finds an event by its id. The result is `nil` if there is none.
  ///
  /// - Parameter body: called on the store's own thread; must not block.
  func viewEvent<Value: Sendable>(
    _ id: ULID, unless mustDrop: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void)

  /// Reads as ``Executor/getSnapshot(_:)`` does.
  func getSnapshot(
    _ key: SnapshotKey, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void)

  /// Checks as ``Executor/checkReadiness()`` does, so that a probe waits behind no task.
  ///
  /// - Parameter completion: gets the reason if the store can't take writes.
  func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void)

  /// Figures for `/metrics`, if the store has any.
  var writeFigures: WriteFigures? { get }
}

extension CallbackExecutor {
  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value {
    let cancellation = CancellationFlag()
    let result: Result<Builder.Value, EventoError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        viewPage(
          aggregators, routingKey: routingKey, args: args, unless: { cancellation.isSet }, into: builder,
          completion: { continuation.resume(returning: $0) })
      }
    } onCancel: {
      cancellation.set()
    }
    return try result.get()
  }
}

/// Returns the callbacks of an executor, or a ``CallbackAdapter`` if it has none of its own.
package func callbacks(of executor: any Executor) -> any CallbackExecutor {
  executor as? any CallbackExecutor ?? CallbackAdapter(executor)
}
