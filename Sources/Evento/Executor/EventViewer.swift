/// An executor that shows events where they lie, to whoever writes them out at once: no value is made of each.
///
/// What is passed in is called on the store's own thread, one event after the other, and must not block. Like a
/// ``CallbackWriter`` it tells of the end by a call, so that no task has to wait.
package protocol EventViewer: Executor {
  /// Reads the page that ``Executor/read(_:routingKey:args:)`` would return, and has something made of it.
  ///
  /// - Parameters:
  ///   - mustDrop: returns whether the caller has stopped waiting. A read that has not begun is then dropped, with the
  ///     error `unavailable`.
  ///   - builder: called when the read begins, and again if it is run again from its beginning.
  ///   - completion: called once, from the store's own thread or the caller's.
  func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless mustDrop: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void)

  /// Finds an event by its id; `nil` where there is none.
  ///
  /// - Parameters:
  ///   - mustDrop: as above.
  ///   - body: returns what it made of the event.
  ///   - completion: called once, from the store's own thread or the caller's.
  func viewEvent<Value: Sendable>(
    _ id: ULID, unless mustDrop: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void)
}

extension Executor {
  /// As ``EventViewer/viewPage(_:routingKey:args:unless:into:completion:)``, for as long as the task is not cancelled; of
  /// an executor that is no ``EventViewer``, the events are read first.
  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    into builder: @escaping @Sendable () -> Builder
  ) async throws -> Builder.Value {
    guard let viewer = self as? any EventViewer else {
      let page = try await read(aggregators, routingKey: routingKey, args: args)
      var builder = builder()
      let info = page.forEachEvent(args) { builder.add($0) }
      return builder.finish(info)
    }
    let cancellation = CancellationFlag()
    let result: Result<Builder.Value, EventoError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        viewer.viewPage(
          aggregators, routingKey: routingKey, args: args, unless: { cancellation.isSet }, into: builder,
          completion: { continuation.resume(returning: $0) })
      }
    } onCancel: {
      cancellation.set()
    }
    return try result.get()
  }
}
