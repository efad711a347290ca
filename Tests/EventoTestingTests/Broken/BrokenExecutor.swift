import Evento
import EventoTesting

/// An executor that is right in everything but one thing.
struct BrokenExecutor: Sendable {
  let store = InMemoryExecutor()
  let hooks: Defect.Hooks
}

extension BrokenExecutor: Executor {
  func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    if let read = hooks.read { return try await read(store, aggregators, routingKey, args) }
    return try await store.read(aggregators, routingKey: routingKey, args: args)
  }

  func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    if let cursor = hooks.cursor { return try await cursor(store, key) }
    return try await store.getSubscriberCursor(key)
  }

  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    if let isRunning = hooks.isRunning { return try await isRunning(store, key, workerID) }
    return try await store.isSubscriberRunning(key, workerID: workerID)
  }

  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    if let upsert = hooks.upsert { return try await upsert(store, key, workerID) }
    return try await store.upsertSubscriber(key, workerID: workerID)
  }

  func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    if let acknowledge = hooks.acknowledge {
      return try await acknowledge(
        store, Defect.Acknowledgement(key: key, cursor: cursor, lag: lag, workerID: workerID))
    }
    return try await store.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    if let getSnapshot = hooks.getSnapshot { return try await getSnapshot(store, key) }
    return try await store.getSnapshot(key)
  }

  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    if let saveSnapshot = hooks.saveSnapshot { return try await saveSnapshot(store, key, snapshot) }
    try await store.saveSnapshot(key, snapshot)
  }

  func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    if let write = hooks.write { return try await write(store, events, condition) }
    return try await store.write(events, condition: condition)
  }

  func event(_ id: ULID) async throws -> Edge<Event>? {
    if let event = hooks.event { return try await event(store, id) }
    return try await store.event(id)
  }

  func subscriber(_ key: String) async throws -> Subscriber? {
    if let subscriber = hooks.subscriber { return try await subscriber(store, key) }
    return try await store.subscriber(key)
  }

  func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    if let subscribers = hooks.subscribers { return try await subscribers(store, first, key) }
    return try await store.subscribers(first: first, after: key)
  }

  func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    if let enable = hooks.enable { return try await enable(store, key, isEnabled) }
    return try await store.setSubscriberEnabled(key, isEnabled)
  }

  func deleteSubscriber(_ key: String) async throws {
    if let deleteSubscriber = hooks.deleteSubscriber { return try await deleteSubscriber(store, key) }
    try await store.deleteSubscriber(key)
  }

  func deleteSnapshot(_ key: SnapshotKey) async throws {
    if let deleteSnapshot = hooks.deleteSnapshot { return try await deleteSnapshot(store, key) }
    try await store.deleteSnapshot(key)
  }

  func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    if let erase = hooks.erase { return try await erase(store, type, id, types) }
    return try await store.eraseAggregate(type: type, id: id, snapshotTypes: types)
  }

  func checkReadiness() async throws {
    if let readiness = hooks.readiness { return try await readiness(store) }
    try await store.checkReadiness()
  }

  func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    if let events = hooks.events { return events(store, aggregators, routingKey, start) }
    return store.events(matching: aggregators, routingKey: routingKey, after: start)
  }

  var commits: CommitSignal? { hooks.commits ?? store.commits }
}
