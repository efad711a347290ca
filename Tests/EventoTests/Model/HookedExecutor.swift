import Evento

/// Passes everything on to another executor, and lets a test in between.
struct HookedExecutor: Executor {
  typealias Hook = @Sendable () async throws -> Void

  let base: any Executor
  var beforeWrite: Hook = {}
  /// An error that it throws replaces the result: the write is done.
  var afterWrite: Hook = {}
  var beforeRead: Hook = {}
  /// Before it is asked who holds a subscriber, or for its cursor.
  var beforeCheck: Hook = {}
  var beforeUpsert: Hook = {}
  var beforeAcknowledge: Hook = {}
  var beforeSaveSnapshot: Hook = {}

  init(_ base: any Executor) {
    self.base = base
  }

  func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await beforeWrite()
    let result = try await base.write(events)
    try await afterWrite()
    return result
  }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await beforeRead()
    return try await base.read(aggregators, routingKey: routingKey, args: args)
  }

  func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await beforeCheck()
    return try await base.getSubscriberCursor(key)
  }

  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await beforeCheck()
    return try await base.isSubscriberRunning(key, workerID: workerID)
  }

  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try await beforeUpsert()
    return try await base.upsertSubscriber(key, workerID: workerID)
  }

  func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try await beforeAcknowledge()
    return try await base.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    try await base.getSnapshot(key)
  }

  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await beforeSaveSnapshot()
    try await base.saveSnapshot(key, snapshot)
  }
}
