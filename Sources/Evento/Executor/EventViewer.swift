/// An executor that shows events where they lie, to whoever writes them out at once: no value is made of each.
///
/// What is passed in is called on the store's own thread, one event after the other, and must not block. Like a
/// ``CallbackWriter`` it tells of the end by a call, so that no task has to wait.
package protocol EventViewer: Executor {
  /// Reads a page: shows the events that ``Executor/read(_:routingKey:args:)`` would return to `each`, and returns
  /// what it would say of the page.
  ///
  /// A page that is read forward is shown from its first event on, one that is read backward from its last. Where
  /// `each` returns false, the page ends before that event, and says that there are more.
  typealias PageReading = (_ each: (borrowing EventView) -> Bool) throws -> PageInfo

  /// - Parameters:
  ///   - body: calls what it is given once, and returns what it made of the page.
  ///   - completion: called once, from the store's own thread or the caller's.
  func viewPage<Value: Sendable>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    through body: @escaping @Sendable (PageReading) throws -> Value,
    completion: @escaping @Sendable (Result<Value, EventoError>) -> Void)

  /// Finds an event by its id; `nil` where there is none.
  ///
  /// - Parameters:
  ///   - body: returns what it made of the event.
  ///   - completion: called once, from the store's own thread or the caller's.
  func viewEvent<Value: Sendable>(
    _ id: ULID, through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void)
}
