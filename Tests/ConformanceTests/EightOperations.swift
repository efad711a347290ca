import Evento

/// An executor that has what every executor must have, and nothing else.
struct EightOperations: Executor {
  let store: any Executor

  func write(_ events: [NewEvent]) async throws -> WriteResult { try await store.write(events) }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await store.read(aggregators, routingKey: routingKey, args: args)
  }

  func getSubscriberCursor(_ key: String) async throws -> Cursor? { try await store.getSubscriberCursor(key) }

  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await store.isSubscriberRunning(key, workerID: workerID)
  }

  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try await store.upsertSubscriber(key, workerID: workerID)
  }

  func acknowledge(_ key: String, cursor: Cursor?, lag: Int, workerID: ULID?) async throws -> Subscriber {
    try await store.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { try await store.getSnapshot(key) }

  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await store.saveSnapshot(key, snapshot)
  }
}
