public import Evento
internal import EventoStorage

extension SQLiteExecutor: Executor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    let result = await withCheckedContinuation { continuation in
      write(events, condition: condition, unless: { false }) { continuation.resume(returning: $0) }
    }
    return try result.get()
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

  var pageLimits: PageLimits {
    PageLimits(events: configuration.pageEvents, bytes: configuration.pageBytes)
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try await readers.perform { session in
      try EventRow.find(id, on: session.connection, session.symbols)
    }
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

  public func subscriber(_ key: String) async throws -> Subscriber? {
    try Subscriber.check(key: key)
    return try await readers.perform { session in try SubscriberTable(connection: session.connection).subscriber(key) }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    return try await readers.perform { session in
      try SubscriberTable(connection: session.connection).page(first: first, after: key)
    }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try Subscriber.check(key: key)
    let time = configuration.now().clamped
    return try await writer.perform { session in
      try SubscriberTable(connection: session.connection).setEnabled(key, isEnabled, at: time)
    }
  }

  public func deleteSubscriber(_ key: String) async throws {
    try Subscriber.check(key: key)
    try await writer.perform { session in try SubscriberTable(connection: session.connection).delete(key) }
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

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try key.check()
    try await writer.perform { session in try SnapshotTable(connection: session.connection).delete(key) }
  }

  /// Erases the content of an aggregate. The commit that does it takes some microseconds for each event, in which other
  /// writes wait.
  ///
  /// When it returns, the bytes are overwritten in the database file, and the write-ahead log is empty. A store in memory
  /// has no files.
  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    try ErasureResult.check(type: type, id: id, snapshotTypes: types)
    // By a reader, because an aggregate can have very many events that are erased already.
    let (aggregate, end) = try await readers.perform { session in
      try session.connection.snapshot {
        guard let aggregate = try session.symbols.aggregate(type: type, key: id) else {
          throw EventoError.aggregatorNotFound(type: type, id: id)
        }
        let eraser = EventEraser(connection: session.connection, symbols: session.symbols)
        return (aggregate, try eraser.erasedEnd(ofAggregate: aggregate))
      }
    }
    return try await writer.erase { session throws(SQLiteFailure) in
      ErasureResult(
        events: try EventEraser(connection: session.connection, symbols: session.symbols)
          .erase(aggregate: aggregate, after: end),
        snapshots: try SnapshotTable(connection: session.connection).erase(id: id, types: types))
    }
  }

  /// Reports the state of the writer's current or latest commit. If it has been idle for a second, writes to the
  /// database. So it never waits behind other writes.
  public func checkReadiness() async throws {
    let failure = await withCheckedContinuation { continuation in
      checkReadiness { continuation.resume(returning: $0) }
    }
    if let failure { throw failure }
  }

  /// The signal of this store. It advances before a write of this executor returns, and within a tenth of a second of a
  /// commit by another process.
  public var commits: CommitSignal? { poller.signal }
}
