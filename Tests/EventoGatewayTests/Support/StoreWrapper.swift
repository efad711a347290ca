import Evento

/// An executor that does what a store does, with as much of it changed as a test wants.
protocol StoreWrapper: Executor {
  associatedtype Store: Executor

  var store: Store { get }
}

extension StoreWrapper {
  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await store.read(aggregators, routingKey: routingKey, args: args)
  }

  func write(_ events: [NewEvent]) async throws -> WriteResult { try await store.write(events) }

  func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await store.getSubscriberCursor(key)
  }

  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await store.isSubscriberRunning(key, workerID: workerID)
  }

  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try await store.upsertSubscriber(key, workerID: workerID)
  }

  func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try await store.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { try await store.getSnapshot(key) }

  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await store.saveSnapshot(key, snapshot)
  }
}
