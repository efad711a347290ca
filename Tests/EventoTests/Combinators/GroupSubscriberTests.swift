import Evento
import EventoTesting
import Synchronization
import Testing

@Suite struct GroupSubscriberTests {
  @Test func aSubscriberGoesOnInEachMemberWhereItStood() async throws {
    let stores = ThreeStores()
    let group = stores.group
    var worker = ULID()
    try await group.upsertSubscriber("s", workerID: worker)
    var handled: [ULID] = []
    for round in 0..<20 {
      for member in 0..<3 where (round + member) % 2 == 0 { try await stores.write(to: member, at: Int64(50 - round)) }
      if round % 5 == 4 {
        worker = ULID()
        #expect(try await group.upsertSubscriber("s", workerID: worker).subscriber.cursor != nil)
      }
      let cursor = try await group.getSubscriberCursor("s")
      let page = try await group.read(
        nil, routingKey: .all, args: .forward(first: 1 + round % 3, after: cursor.map { .after($0) } ?? .beginning))
      handled += page.edges.map(\.node.id)
      let end = try #require(page.pageInfo.endCursor)
      #expect(try await group.acknowledge("s", cursor: end, lag: round, workerID: worker).cursor == end)
      #expect(try await group.getSubscriberCursor("s") == end)
      #expect(try await group.subscriber("s")?.cursor == end)
      #expect(try await group.subscribers().map(\.cursor) == [end])
    }
    let cursor = try #require(try await group.getSubscriberCursor("s"))
    handled += try await group.forward(after: .after(cursor)).map(\.node.id)
    let all = try await stores.contents().flatMap { $0 }
    #expect(handled.count == all.count && Set(handled) == Set(all))
  }

  @Test func theFirstEventsMayComeFromAnotherMember() async throws {
    let stores = ThreeStores()
    try await stores.write(to: 2, at: 1)
    try await stores.write(to: 0, at: 2)
    try await stores.group.upsertSubscriber("s", workerID: ULID())
    let first = try await stores.group.forward()[0]
    try await stores.group.acknowledge("s", cursor: first.cursor)
    #expect(try await stores.group.getSubscriberCursor("s") == first.cursor)
    #expect(try await stores.group.setSubscriberEnabled("s", false).cursor == first.cursor)
  }

  @Test func anAcknowledgementOfAFormerWorkerChangesNoMember() async throws {
    let stores = ThreeStores()
    try await stores.fill(9, inOrder: true, seed: 3)
    let log = try await stores.group.forward()
    let (one, two) = (ULID(), ULID())
    try await stores.group.upsertSubscriber("s", workerID: one)
    try await stores.group.acknowledge("s", cursor: log[3].cursor, lag: 0, workerID: one)
    try await stores.group.upsertSubscriber("s", workerID: two)
    for cursor in [log[8].cursor, log[0].cursor, nil] {
      #expect(
        await code { try await stores.group.acknowledge("s", cursor: cursor, lag: 0, workerID: one) }
          == .subscriberTakenOver)
      #expect(try await stores.group.getSubscriberCursor("s") == log[3].cursor)
    }
  }

  /// A first member whose snapshots can't be written for a while.
  struct Stubborn: Executor {
    let store = InMemoryExecutor()
    let isStuck = Mutexed(false)

    final class Mutexed: Sendable {
      let value: Mutex<Bool>
      init(_ value: Bool) { self.value = Mutex(value) }
    }

    func write(_ events: [NewEvent]) async throws -> WriteResult { try await store.write(events) }
    func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
      try await store.write(events, condition: condition)
    }
    func event(_ id: ULID) async throws -> Edge<Event>? { try await store.event(id) }
    func read(
      _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
    ) async throws -> ReadResult<Event> {
      try await store.read(aggregators, routingKey: routingKey, args: args)
    }
    func getSubscriberCursor(_ key: String) async throws -> Cursor? {
      try await store.getSubscriberCursor(key)
    }
    func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
      try await store.isSubscriberRunning(key, workerID: workerID)
    }
    func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
      try await store.upsertSubscriber(key, workerID: workerID)
    }
    func acknowledge(
      _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
    ) async throws -> Subscriber {
      try await store.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
    }
    func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { try await store.getSnapshot(key) }
    func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
      guard !isStuck.value.withLock({ $0 }) else { throw EventoError(.unavailable, "stuck") }
      try await store.saveSnapshot(key, snapshot)
    }
    func subscriber(_ key: String) async throws -> Subscriber? { try await store.subscriber(key) }
    func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
      try await store.subscribers(first: first, after: key)
    }
    func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
      try await store.setSubscriberEnabled(key, isEnabled)
    }
    func deleteSubscriber(_ key: String) async throws { try await store.deleteSubscriber(key) }
  }

  /// The first member and another with ten events each, in turn; the log of the group; what a subscriber has left.
  private func withStubbornGroup(
    _ body: (Stubborn, ExecutorGroup, [Edge<Event>], (ExecutorGroup) async throws -> [ULID]) async throws -> Void
  ) async throws {
    let first = Stubborn()
    let group = ExecutorGroup([first, InMemoryExecutor()])
    for number in 0..<20 {
      try await group.members[number % 2].write([
        NewEvent(
          aggregatorType: "t", aggregatorID: "a", name: "n", timestamp: Timestamp(seconds: Int64(number)))
      ])
    }
    try await group.upsertSubscriber("s", workerID: ULID())
    try await body(first, group, try await group.forward()) { group in
      let cursor = try await group.getSubscriberCursor("s")
      return try await group.forward(after: cursor.map { .after($0) } ?? .beginning).map(\.node.id)
    }
  }

  @Test func anAcknowledgementThatFailsHalfwayRepeatsAndNeverSkips() async throws {
    try await withStubbornGroup { first, group, log, left in
      try await group.acknowledge("s", cursor: log[5].cursor)
      first.isStuck.value.withLock { $0 = true }
      #expect(await code { try await group.acknowledge("s", cursor: log[11].cursor) } == .unavailable)
      #expect(Set(try await left(group)).isSuperset(of: log[12...].map(\.node.id)))
      first.isStuck.value.withLock { $0 = false }
      try await group.acknowledge("s", cursor: log[11].cursor)
      #expect(try await left(group) == log[12...].map(\.node.id))
    }
  }

  @Test func whatASubscriberHadBeforeItBeganAnewDoesNotComeBack() async throws {
    for isDeleted in [true, false] {
      try await withStubbornGroup { first, group, log, left in
        try await group.acknowledge("s", cursor: log[15].cursor)
        first.isStuck.value.withLock { $0 = true }
        if isDeleted {
          #expect(await code { try await group.deleteSubscriber("s") } == .unavailable)
          try await group.upsertSubscriber("s", workerID: ULID())
        } else {
          #expect(await code { try await group.acknowledge("s", cursor: nil) } == .unavailable)
        }
        #expect(try await left(group) == log.map(\.node.id))
        // Refused before the first member has a cursor that the old positions could be joined to.
        #expect(await code { try await group.acknowledge("s", cursor: log[1].cursor) } == .unavailable)
        #expect(try await left(group) == log.map(\.node.id))
        first.isStuck.value.withLock { $0 = false }
        try await group.acknowledge("s", cursor: log[1].cursor)
        #expect(try await left(group) == log[2...].map(\.node.id))
      }
    }
  }

  @Test func subscribersAreDeletedWithTheirPositions() async throws {
    try await withStubbornGroup { _, group, log, left in
      try await group.acknowledge("s", cursor: log[15].cursor)
      try await group.deleteSubscriber("s")
      #expect(try await group.subscriber("s") == nil)
      #expect(try await group.getSubscriberCursor("s") == nil)
      try await group.upsertSubscriber("s", workerID: ULID())
      #expect(try await left(group) == log.map(\.node.id))
    }
  }
}
