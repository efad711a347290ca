// The defaults of an executor that has only the eight operations of `evento`.

extension Executor {
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    guard condition == nil else { throw EventoError.notImplemented("conditional writes") }
    return try await write(events)
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    throw EventoError.notImplemented("finding an event by its id")
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    throw EventoError.notImplemented("reading subscribers")
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    throw EventoError.notImplemented("listing subscribers")
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    throw EventoError.notImplemented("enabling and disabling subscribers")
  }

  public func deleteSubscriber(_ key: String) async throws {
    throw EventoError.notImplemented("deleting subscribers")
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    throw EventoError.notImplemented("deleting snapshots")
  }

  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    throw EventoError.notImplemented("erasing events")
  }

  public func checkReadiness() async throws {}

  public var commits: CommitSignal? { nil }

  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    eventsByPages(matching: aggregators, routingKey: routingKey, after: start)
  }
}

extension EventoError {
  fileprivate static func notImplemented(_ operation: String) -> EventoError {
    EventoError(.notImplemented, "This store does not support \(operation).")
  }
}
