import Evento
import EventoTesting

/// One thing that an executor does wrong, and the checks that notice it.
struct Defect: Sendable, CustomStringConvertible {
  let description: String
  let caughtBy: [String]
  var hooks = Hooks()

  init(_ description: String, caughtBy: [String], _ change: (inout Hooks) -> Void) {
    self.description = description
    self.caughtBy = caughtBy
    change(&hooks)
  }

  /// Closures that replace operations.
  struct Hooks: Sendable {
    typealias Store = InMemoryExecutor

    var write: (@Sendable (Store, [NewEvent], WriteCondition?) async throws -> WriteResult)?
    var read: (@Sendable (Store, [ReadAggregator]?, RoutingKey, Args) async throws -> ReadResult<Event>)?
    var event: (@Sendable (Store, ULID) async throws -> Edge<Event>?)?
    var upsert: (@Sendable (Store, String, ULID) async throws -> SubscriberUpsert)?
    var acknowledge: (@Sendable (Store, Acknowledgement) async throws -> Subscriber)?
    var cursor: (@Sendable (Store, String) async throws -> Cursor?)?
    var isRunning: (@Sendable (Store, String, ULID) async throws -> Bool)?
    var subscriber: (@Sendable (Store, String) async throws -> Subscriber?)?
    var subscribers: (@Sendable (Store, Int, String?) async throws -> SubscriberPage)?
    var enable: (@Sendable (Store, String, Bool) async throws -> Subscriber)?
    var deleteSubscriber: (@Sendable (Store, String) async throws -> Void)?
    var getSnapshot: (@Sendable (Store, SnapshotKey) async throws -> Snapshot?)?
    var saveSnapshot: (@Sendable (Store, SnapshotKey, Snapshot) async throws -> Void)?
    var deleteSnapshot: (@Sendable (Store, SnapshotKey) async throws -> Void)?
    var erase:
      (@Sendable (Store, _ type: String, _ id: String, _ snapshotTypes: [String]) async throws -> ErasureResult)?
    var commits: CommitSignal?
    var events: (@Sendable (Store, [ReadAggregator]?, RoutingKey, Args.Start) -> EventSequence)?
    var readiness: (@Sendable (Store) async throws -> Void)?
  }

  struct Acknowledgement: Sendable {
    var key: String
    var cursor: Cursor?
    var lag: Int
    var workerID: ULID?
  }
}

extension Defect.Hooks {
  /// Changes each event before it is written.
  mutating func changeEvents(_ change: @escaping @Sendable (inout NewEvent) -> Void) {
    write = { store, events, condition throws in
      let changed = events.map { event in
        var event = event
        change(&event)
        return event
      }
      return try await store.write(changed, condition: condition)
    }
  }

  /// Changes each page that was read.
  mutating func changePages(_ change: @escaping @Sendable (inout ReadResult<Event>, Args) -> Void) {
    read = { store, aggregators, routingKey, args throws in
      var page = try await store.read(aggregators, routingKey: routingKey, args: args)
      change(&page, args)
      return page
    }
  }

  /// Changes each event as it is read.
  mutating func changeNodes(_ change: @escaping @Sendable (Event) -> Event) {
    changePages { page, _ in
      for index in page.edges.indices { page.edges[index].node = change(page.edges[index].node) }
    }
  }
}

extension Event {
  func with(
    version: Int? = nil, routingKey: String?? = nil, data: Payload? = nil, metadata: Metadata? = nil,
    timestamp: Timestamp? = nil, isErased: Bool? = nil
  ) -> Event {
    Event(
      id: id, aggregatorType: aggregatorType, aggregatorID: aggregatorID, version: version ?? self.version, name: name,
      routingKey: routingKey ?? self.routingKey, data: data ?? self.data, metadata: metadata ?? self.metadata,
      timestamp: timestamp ?? self.timestamp, isErased: isErased ?? self.isErased)
  }
}

extension Subscriber {
  func with(
    cursor: Cursor?? = nil, lag: Int? = nil, isEnabled: Bool? = nil, createdAt: Timestamp? = nil
  ) -> Subscriber {
    Subscriber(
      key: key, workerID: workerID, cursor: cursor ?? self.cursor, lag: lag ?? self.lag,
      isEnabled: isEnabled ?? self.isEnabled, createdAt: createdAt ?? self.createdAt, updatedAt: updatedAt)
  }
}

extension InMemoryExecutor {
  /// All events, in order.
  func everything() async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = Args.Start.beginning
    while true {
      let page = try await read(nil, routingKey: .all, args: .forward(first: 1000, after: start))
      edges += page.edges
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return edges }
      start = .after(end)
    }
  }
}
