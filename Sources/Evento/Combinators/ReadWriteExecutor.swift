/// Reads at one executor and writes at another: at a replica and at its primary, say, or through two pools of
/// connections to one store.
///
/// Both must be of the same history: a cursor that one of them gave must name the same place at the other.
///
/// | operation | goes to |
/// |---|---|
/// | `read`, `event(_:)`, `getSnapshot` | the reader |
/// | `write`, `saveSnapshot`, `deleteSnapshot` | the writer |
/// | all that concerns subscribers | the writer |
/// | `commits`, `events(matching:routingKey:after:)`, `follow` | the reader, as it tells when there is more to read |
/// | `checkReadiness` | the writer: a replica that can only be read is no fault |
///
/// What that means where the reader is behind the writer:
///
/// - There is no read-your-writes. An event that was just written may not be read yet, and the cursor of its answer is
///   `cursor_not_in_history` at the reader until the reader has it: read again a moment later. A reader that goes on
///   from its own cursors still sees every event once.
/// - A decision that rests on what was read can rest on old facts. It is safe all the same, as the writer checks
///   versions and conditions: a stale one is a conflict.
/// - A snapshot is read where the events are, so that what is folded and what is read on from it belong together. It may
///   be older than the one saved last, and one that was deleted may show for a while.
/// - Who holds a subscriber, and where it got to, is asked at the writer: a stale answer would let two workers handle
///   the same events. A worker that takes over may so be ahead of a reader that is behind, and has to try again.
public struct ReadWriteExecutor: Sendable {
  /// Where reads go.
  public let reader: any Executor
  /// Where everything else goes.
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

  public func checkReadiness() async throws {
    try await writer.checkReadiness()
  }
}
