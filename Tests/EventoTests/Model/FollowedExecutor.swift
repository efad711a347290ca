import Evento

/// Tells of commits to those alone who follow, as a store behind a gateway does.
struct FollowedExecutor: Executor {
  let base: any Executor
  /// What is followed.
  private let followed: any Executor
  /// Is called whenever somebody follows, with the position.
  let onFollow: @Sendable (Args.Start) -> Void
  /// Is called before each page that is followed.
  let beforePage: @Sendable () async throws -> Void

  init(
    _ base: any Executor, following followed: (any Executor)? = nil,
    onFollow: @escaping @Sendable (Args.Start) -> Void = { _ in },
    beforePage: @escaping @Sendable () async throws -> Void = { () throws in }
  ) {
    self.base = base
    self.followed = followed ?? base
    self.onFollow = onFollow
    self.beforePage = beforePage
  }

  func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    EventSequence(after: start) { [followed, beforePage] in
      onFollow(start)
      return { (start) throws in
        try await beforePage()
        var events = followed.follow(aggregators, routingKey: routingKey, after: start).makeAsyncIterator()
        let edges = try await events.next().map { [$0] } ?? []
        return ReadResult(
          edges: edges,
          pageInfo: PageInfo(
            hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: edges.first?.cursor))
      }
    }
  }

  func write(_ events: [NewEvent]) async throws -> WriteResult { try await base.write(events) }

  func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    try await base.read(aggregators, routingKey: routingKey, args: args)
  }

  func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await base.getSubscriberCursor(key)
  }

  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await base.isSubscriberRunning(key, workerID: workerID)
  }

  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    try await base.upsertSubscriber(key, workerID: workerID)
  }

  func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    try await base.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { try await base.getSnapshot(key) }

  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await base.saveSnapshot(key, snapshot)
  }
}
