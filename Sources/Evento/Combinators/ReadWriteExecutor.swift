/// Reads from one executor and writes to another: for example, from a replica and to its primary, or through two pools
/// of connections to one store.
///
/// Both must have the same history: a cursor of one of them must be the same position in the other.
///
/// | operation | goes to |
/// |---|---|
/// | `read`, `event(_:)`, `getSnapshot` | the reader |
/// | `write`, `saveSnapshot`, `deleteSnapshot`, `eraseAggregate` | the writer |
/// | all operations on subscribers | the writer |
/// | `commits`, `events(matching:routingKey:after:)`, `follow` | the reader, where new events can be read |
/// | `checkReadiness` | the writer: a read-only replica is not an error |
///
/// If the reader is behind the writer:
///
/// - There is no read-your-writes. A read may not return an event that was just written, and the cursor in the response
///   to the write is `cursor_not_in_history` at the reader until the reader has the event: read again a moment later. A
///   reader that continues from its own cursors still sees every event once.
/// - A decision can be based on old data. It is still safe, because the writer checks versions and conditions: a stale
///   decision is a conflict.
/// - A snapshot is read from the reader, so that it fits the events that are read after it. It may be older than the
///   one saved last, and a deleted one may be visible for a while.
/// - The content of erased events may be visible for a while.
/// - The writer decides which worker holds a subscriber, and returns its cursor: with a stale response, two workers
///   would handle the same events. So a worker that takes over may be ahead of a reader that is behind, and has to
///   retry.
public struct ReadWriteExecutor: Sendable {
  /// The executor for reads.
  public let reader: any Executor
  /// The executor for everything else.
  public let writer: any Executor

  public init(read reader: any Executor, write writer: any Executor) {
    self.reader = reader
    self.writer = writer
  }
}

extension ReadWriteExecutor: Executor {
  // MARK: The reader's

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await reader.read(aggregators, routingKey: routingKey, args: args)
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try await reader.event(id)
  }

  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    try await reader.getSnapshot(key)
  }

  public var commits: CommitSignal? { reader.commits }

  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    reader.events(matching: aggregators, routingKey: routingKey, after: start)
  }

  // MARK: The writer's

  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await writer.write(events)
  }

  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    try await writer.write(events, condition: condition)
  }

  public func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await writer.getSubscriberCursor(key)
  }

  public func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await writer.isSubscriberRunning(key, workerID: workerID)
  }

  @discardableResult
  public func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try await writer.upsertSubscriber(key, workerID: workerID)
  }

  @discardableResult
  public func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try await writer.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    try await writer.subscriber(key)
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try await writer.subscribers(first: first, after: key)
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try await writer.setSubscriberEnabled(key, isEnabled)
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await writer.deleteSubscriber(key)
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await writer.saveSnapshot(key, snapshot)
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await writer.deleteSnapshot(key)
  }

  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    try await writer.eraseAggregate(type: type, id: id, snapshotTypes: types)
  }

  public func checkReadiness() async throws {
    try await writer.checkReadiness()
  }
}
