public import Evento
internal import EventoStorage

extension PostgreSQLExecutor {
  private var pageLimits: PageLimits {
    PageLimits(events: configuration.pageEvents, bytes: configuration.pageBytes)
  }

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try Args.check(aggregators, routingKey, args)
    let limits = pageLimits
    return try await connections.perform(.readPage) { session, _ in
      try EventReader(session: session, limits: limits).page(aggregators, routingKey, args)
    }
  }

  package func viewPage<Builder: PageBuilder>(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args,
    unless isCancelled: @escaping @Sendable () -> Bool, into builder: @escaping @Sendable () -> Builder,
    completion: @escaping @Sendable (Result<Builder.Value, EventoError>) -> Void
  ) {
    guard passes(completion, { try Args.check(aggregators, routingKey, args) }) else { return }
    let limits = pageLimits
    connections.perform(.readPage, unless: isCancelled, completion: completion) { session, _ in
      var builder = builder()
      let info = try EventReader(session: session, limits: limits).show(aggregators, routingKey, args, to: &builder)
      return builder.finish(info)
    }
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try await connections.perform(.lookUp) { session, _ in try EventRow.withView(id, on: session) { Edge($0) } }
  }

  package func viewEvent<Value: Sendable>(
    _ id: ULID, unless isCancelled: @escaping @Sendable () -> Bool,
    through body: @escaping @Sendable (borrowing EventView) -> Value,
    completion: @escaping @Sendable (Result<Value?, EventoError>) -> Void
  ) {
    connections.perform(.lookUp, unless: isCancelled, completion: completion) { session, _ in
      try EventRow.withView(id, on: session, body)
    }
  }

  package var epoch: UInt64 { announcer.epoch }

  /// Returns the number of stored events.
  ///
  /// - Throws: `unavailable`.
  public func eventCount() async throws -> Int {
    let limits = pageLimits
    return try await connections.perform(.lookUp) { session, _ in
      Int(try EventReader(session: session, limits: limits).history().end.position)
    }
  }
}
