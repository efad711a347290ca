// Each of these throws `not_implemented` where the executor that it goes to can't do it.

extension ReadWriteExecutor: ConditionalWriter {
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    guard let condition else { return try await writer.write(events) }
    return try await writer.required((any ConditionalWriter).self, "write under a condition")
      .write(events, condition: condition)
  }
}

extension ReadWriteExecutor: EventLookup {
  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try await reader.required((any EventLookup).self, "find an event by its id").event(id)
  }
}

extension ReadWriteExecutor: SubscriberDirectory {
  private var directory: any SubscriberDirectory {
    get throws { try writer.required((any SubscriberDirectory).self, "list subscribers") }
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    try await directory.subscriber(key)
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try await directory.subscribers(first: first, after: key)
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try await directory.setSubscriberEnabled(key, isEnabled)
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await directory.deleteSubscriber(key)
  }
}

extension ReadWriteExecutor: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await writer.required((any SnapshotRemover).self, "delete snapshots").deleteSnapshot(key)
  }
}

extension ReadWriteExecutor: ReadinessReporter {
  /// Asks the writer, where it can tell whether it takes writes.
  public func checkReadiness() async throws {
    if let reporter = writer as? any ReadinessReporter { try await reporter.checkReadiness() }
  }
}

extension ReadWriteExecutor: RelayingNotifier {
  package var sources: [any Executor] { [reader] }
}

extension ReadWriteExecutor: EventFollower {
  /// Follows the reader.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    reader.follow(aggregators, routingKey: routingKey, after: start)
  }
}
