public import Evento

extension InMemoryExecutor: ConditionalWriter {
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    try NewEvent.check(events)
    try condition?.check()
    let time = time()
    let result = try withStore { store throws(EventoError) in try store.log.write(events, condition, at: time) }
    if !result.isResend { commits.advance() }
    return result
  }
}

extension InMemoryExecutor: EventLookup {
  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try withStore { store in store.log.edge(of: id) }
  }
}

extension InMemoryExecutor: SubscriberDirectory {
  public func subscriber(_ key: String) async throws -> Subscriber? {
    try Subscriber.check(key: key)
    return try withStore { store in store.subscribers[key] }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    return try withStore { store in store.subscribers.page(first: first, after: key) }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try Subscriber.check(key: key)
    let time = time()
    return try withStore { store throws(EventoError) in
      store.subscribers.replace(try store.subscribers.existing(key).enabled(isEnabled, at: time))
    }
  }

  public func deleteSubscriber(_ key: String) async throws {
    try Subscriber.check(key: key)
    try withStore { store throws(EventoError) in try store.subscribers.remove(key) }
  }
}

extension InMemoryExecutor: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try key.check()
    try withStore { store throws(EventoError) in
      guard store.snapshots.removeValue(forKey: ExactSnapshotKey(key)) != nil else {
        throw EventoError.snapshotNotFound(key)
      }
    }
  }
}

extension InMemoryExecutor: ReadinessReporter {
  /// Never throws, because memory is always writable.
  public func checkReadiness() async throws {}
}

extension InMemoryExecutor: CommitNotifier {}

extension InMemoryExecutor: EventFollower {
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    eventsByPages(matching: aggregators, routingKey: routingKey, after: start)
  }
}
