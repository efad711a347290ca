import Evento
import EventoStorage

/// A store with something done before or after each of its changes, or to what a copy imports.
final class AlteredStore: DatabaseStore {
  private let store: any DatabaseStore
  private let before: @Sendable () async throws -> Void
  private let after: @Sendable () async throws -> Void
  private let subscribers: @Sendable ([Subscriber]) -> [Subscriber]
  private let snapshots: @Sendable ([KeyedSnapshot]) -> [KeyedSnapshot]

  init(
    _ store: any DatabaseStore, before: @escaping @Sendable () async throws -> Void = {},
    after: @escaping @Sendable () async throws -> Void = {},
    subscribers: @escaping @Sendable ([Subscriber]) -> [Subscriber] = { $0 },
    snapshots: @escaping @Sendable ([KeyedSnapshot]) -> [KeyedSnapshot] = { $0 }
  ) {
    self.store = store
    self.before = before
    self.after = after
    self.subscribers = subscribers
    self.snapshots = snapshots
  }

  func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await before()
    let result = try await store.write(events)
    try await after()
    return result
  }

  func importSubscribers(_ subscribers: [Subscriber]) async throws {
    try await before()
    try await store.importSubscribers(self.subscribers(subscribers))
    try await after()
  }

  func importSnapshots(_ snapshots: [KeyedSnapshot]) async throws {
    try await before()
    try await store.importSnapshots(self.snapshots(snapshots))
    try await after()
  }

  func eraseEvents(at positions: [Int]) async throws {
    try await before()
    try await store.eraseEvents(at: positions)
    try await after()
  }

  func statistics() async throws -> StoreStatistics { try await store.statistics() }

  func deleteSubscriber(_ key: String) async throws {
    try await before()
    try await store.deleteSubscriber(key)
    try await after()
  }

  func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await before()
    try await store.deleteSnapshot(key)
    try await after()
  }

  // MARK: Unchanged

  var isNew: Bool { store.isNew }
  func eventCount() async throws -> Int { try await store.eventCount() }
  func refuseWrites() { store.refuseWrites() }
  func close() async { await store.close() }

  func snapshots(first: Int, after key: SnapshotKey?) async throws -> SnapshotPage {
    try await store.snapshots(first: first, after: key)
  }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await store.read(aggregators, routingKey: routingKey, args: args)
  }

  func event(_ id: ULID) async throws -> Edge<Event>? { try await store.event(id) }

  func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try await store.subscribers(first: first, after: key)
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
