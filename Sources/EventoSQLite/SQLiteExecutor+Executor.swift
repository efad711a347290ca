public import Evento

extension SQLiteExecutor: Executor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try Args.check(aggregators, routingKey, args)
    let limits = pageLimits
    return try await readers.perform { session in
      try EventReader(connection: session.connection, symbols: session.symbols, limits: limits)
        .page(aggregators, routingKey, args)
    }
  }

  var pageLimits: EventReader.PageLimits {
    EventReader.PageLimits(events: max(configuration.pageEvents, 1), bytes: configuration.pageBytes)
  }

  public func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await subscriber(key)?.cursor
  }

  public func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    guard let subscriber = try await subscriber(key) else { return false }
    return subscriber.workerID == workerID && subscriber.isEnabled
  }

  @discardableResult
  public func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try Subscriber.check(key: key)
    let time = configuration.now().clamped
    return try await writer.perform { session in
      try SubscriberTable(connection: session.connection).upsert(key, worker: workerID, at: time)
    }
  }

  @discardableResult
  public func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try Subscriber.check(key: key)
    try Subscriber.check(lag: lag)
    let time = configuration.now().clamped
    return try await writer.perform { session in
      try SubscriberTable(connection: session.connection)
        .acknowledge(key, cursor: cursor, lag: lag, worker: workerID, at: time)
    }
  }

  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    try key.check()
    return try await readers.perform { session in try SnapshotTable(connection: session.connection).snapshot(key) }
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try key.check()
    try await writer.perform(bytes: snapshot.data.bytes.count) { session in
      try SnapshotTable(connection: session.connection).save(key, snapshot)
    }
  }
}
