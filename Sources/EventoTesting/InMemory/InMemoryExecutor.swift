public import Evento
internal import Synchronization

/// A store in memory, for tests and experiments. It is the simplest implementation of what an executor must do.
///
/// All operations run under one lock, in the order of arrival. Reads scan the log from their position, so a filter with
/// few matches takes O(*n*) in the number of events after that position.
public final class InMemoryExecutor: Sendable {
  private let store = Mutex(InMemoryStore())
  private let now: @Sendable () -> Timestamp
  private let limits: PageLimits
  /// Advances with every write that stores events, before the write returns.
  public let commits: CommitSignal? = CommitSignal()

  /// The size limits of a page, whatever the read requests.
  public struct PageLimits: Sendable, Hashable {
    /// The maximum number of events on a page; at least 1.
    public var events: Int
    /// The maximum size of the payloads and metadata on a page, in bytes. A larger event is returned alone.
    public var bytes: Int

    public init(events: Int = 1000, bytes: Int = 8 << 20) {
      self.events = max(events, 1)
      self.bytes = bytes
    }
  }

  /// - Parameters:
  ///   - limits: The size limits of a page.
  ///   - now: The clock for the times of events and subscribers; by default the machine's.
  public init(limits: PageLimits = PageLimits(), now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.limits = limits
    self.now = now
  }

  /// Runs `body` on the store with exclusive access.
  func withStore<T: Sendable>(_ body: (inout InMemoryStore) throws(EventoError) -> T) throws(EventoError) -> T {
    try store.withLock { store throws(EventoError) in try body(&store) }
  }

  /// Returns the time of this store's clock, or the nearest one that an event can have.
  func time() -> Timestamp {
    let (range, time) = (Timestamp.secondsRange, now())
    if time.seconds < range.lowerBound { return Timestamp(seconds: range.lowerBound) }
    if time.seconds > range.upperBound { return Timestamp(seconds: range.upperBound, subsecond: 999) }
    return time
  }
}

extension InMemoryExecutor: Executor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    try NewEvent.check(events)
    try condition?.check()
    let time = time()
    let result = try withStore { store throws(EventoError) in try store.log.write(events, condition, at: time) }
    if !result.isResend { commits?.advance() }
    return result
  }

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try Args.check(aggregators, routingKey, args)
    let filter = EventFilter(aggregators: aggregators, routingKey: routingKey)
    return try withStore { store throws(EventoError) in try store.log.page(filter, args, limits) }
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    try withStore { store in store.log.edge(of: id) }
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
    let time = time()
    return try withStore { store in store.subscribers.upsert(key, workerID: workerID, at: time) }
  }

  @discardableResult
  public func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try Subscriber.check(key: key)
    try Subscriber.check(lag: lag)
    let time = time()
    return try withStore { store throws(EventoError) in
      let held = try store.subscribers.existing(key)
      if let workerID, workerID != held.workerID { throw EventoError.subscriberTakenOver(key) }
      if let cursor { _ = try store.log.position(of: cursor) }
      return store.subscribers.replace(held.acknowledged(cursor, lag: lag, at: time))
    }
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    try Subscriber.check(key: key)
    return try withStore { store in store.subscribers[key] }
  }

  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    try SubscriberPage.check(first: first, after: key)
    return try withStore { store in store.subscribers.page(first: first, after: key) }
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try Subscriber.check(key: key)
    let time = time()
    return try withStore { store throws(EventoError) in
      store.subscribers.replace(try store.subscribers.existing(key).enabled(isEnabled, at: time))
    }
  }

  public func deleteSubscriber(_ key: String) async throws {
    try Subscriber.check(key: key)
    try withStore { store throws(EventoError) in try store.subscribers.remove(key) }
  }

  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    try key.check()
    return try withStore { store in store.snapshots[key] }
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try key.check()
    try withStore { store throws(EventoError) in
      _ = try store.log.position(of: snapshot.cursor)
      store.snapshots[key] = snapshot
    }
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try key.check()
    try withStore { store throws(EventoError) in
      guard store.snapshots.removeValue(forKey: key) != nil else {
        throw EventoError.snapshotNotFound(key)
      }
    }
  }

  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    try ErasureResult.check(type: type, id: id, snapshotTypes: types)
    let (key, types) = (AggregateKey(type: type, id: id), Set(types.map(Name.init(checked:))))
    return try withStore { store throws(EventoError) in
      guard store.log.head(of: key).version > 0 else { throw EventoError.aggregatorNotFound(type: type, id: id) }
      let before = store.snapshots.count
      store.snapshots = store.snapshots.filter { snapshot, _ in
        Name(checked: snapshot.id) != key.id || !types.contains(Name(checked: snapshot.type))
      }
      return ErasureResult(events: store.log.erase(key), snapshots: before - store.snapshots.count)
    }
  }
}
