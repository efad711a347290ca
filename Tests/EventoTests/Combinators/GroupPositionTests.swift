import Evento
import EventoTesting
import Testing

@Suite struct GroupPositionTests {
  @Test func aStoreThatJoinsAGroupAsTheFirstKeepsItsCursors() async throws {
    let stores = ThreeStores()
    let store = stores.members[0]
    let ids = [try await stores.write(to: 0, at: 1), try await stores.write(to: 0, at: 2)]
    let cursor = try await store.forward()[0].cursor
    try await store.upsertSubscriber("s", workerID: ULID())
    try await store.acknowledge("s", cursor: cursor)
    let snapshot = Snapshot(data: Payload("1"), cursor: cursor)
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    try await store.saveSnapshot(key, snapshot)
    let other = try await stores.write(to: 1, at: 0)

    // Nothing of the other members has been seen there.
    #expect(try await stores.group.forward(after: .after(cursor)).map(\.node.id) == [other, ids[1]])
    #expect(try await stores.group.getSubscriberCursor("s") == cursor)
    #expect(try await stores.group.subscriber("s") == store.subscriber("s"))
    #expect(try await stores.group.getSnapshot(key) == snapshot)
    // And a group of one has the cursors of its member.
    let one = ExecutorGroup([store])
    #expect(try await one.forward() == store.forward())
    #expect(
      try await one.read([], routingKey: .all, args: .forward(after: .now)).pageInfo.endCursor
        == store.forward()[1].cursor)
  }

  @Test func aGroupOfAGroupIsOneOfItsMembers() {
    let stores = ThreeStores()
    #expect(ExecutorGroup([ExecutorGroup([stores.group]), InMemoryExecutor()]).members.count == 4)
  }

  @Test func eightMembersFitIntoACursor() async throws {
    let members = (0..<ExecutorGroup.maximumMemberCount).map { _ in InMemoryExecutor() }
    for (index, member) in members.enumerated() {
      try await member.write([
        NewEvent(
          aggregatorType: "t", aggregatorID: "a", name: "n\(index)", timestamp: Timestamp(seconds: Int64(index)))
      ])
    }
    let group = ExecutorGroup(members)
    let log = try await group.forward(pageOf: 3)
    #expect(log.map(\.node.name) == (0..<8).map { "n\($0)" })
    for edge in log { #expect(edge.cursor.description.utf8.count <= Cursor.maximumLength) }
    #expect(try await group.backward(before: log[7].cursor).count == 7)
  }

  /// An executor whose cursors are as long as cursors may be.
  struct LongCursors: Executor {
    let cursor = Cursor(content: Array(repeating: 7, count: Cursor.maximumContentLength))

    func write(_ events: [NewEvent]) async throws -> WriteResult {
      WriteResult(events: [], isResend: false)
    }

    func read(
      _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
    ) async throws -> ReadResult<Event> {
      let info = PageInfo(hasPreviousPage: false, hasNextPage: false, startCursor: nil, endCursor: cursor)
      return ReadResult(edges: [], pageInfo: info)
    }

    func getSubscriberCursor(_ key: String) async throws -> Cursor? { nil }
    func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool { false }
    func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
      throw EventoError(.unavailable, "none")
    }
    func acknowledge(
      _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
    ) async throws -> Subscriber { throw EventoError(.unavailable, "none") }
    func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { nil }
    func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {}
  }

  @Test func positionsThatDoNotFitAreAnError() async throws {
    let group = ExecutorGroup([LongCursors(), LongCursors()])
    #expect(await code { try await group.read(nil, routingKey: .all, args: .forward()) } == .internal)
    // One of them alone fits, and a cursor that is as long as may be still comes back.
    let one = ExecutorGroup([LongCursors()])
    #expect(try await one.read(nil, routingKey: .all, args: .forward()).pageInfo.endCursor == LongCursors().cursor)
  }

  /// Cursors that are foreign to the group, or to one of its members only.
  private func foreignCursors(to stores: ThreeStores) async throws -> [Cursor] {
    let stranger = ThreeStores()
    let strangers = [
      ExecutorGroup([stores.members[0], stores.members[1], stranger.members[2]]),
      ExecutorGroup([stores.members[0], stranger.members[1], stores.members[2]]),
      ExecutorGroup([stranger.members[0], stores.members[1], stores.members[2]]),
      ExecutorGroup([stores.members[0], stores.members[1]]),
      ExecutorGroup(stores.members + [InMemoryExecutor()]),
      ExecutorGroup([stores.members[2], stores.members[0], stores.members[1]]),
    ]
    var cursors: [Cursor] = []
    for group in strangers {
      cursors.append(
        try #require(try await group.read(nil, routingKey: .all, args: .forward(after: .now)).pageInfo.endCursor))
    }
    let mark: [UInt8] = [0x45, 0x47, 1]
    let bad: [[UInt8]] = [
      mark, mark + [0], mark + [3, 0, 0, 0], mark + [0, 0, 0], mark + [0, 0, 0, 0, 0], mark + [0, 1, 9, 0, 0],
      mark + [0, 200, 1, 0], mark + [1, 0, 1, 9, 0], [0x45, 0x47, 2],
    ]
    return cursors + bad.map { Cursor(content: $0) }
  }

  @Test func aCursorOfAnotherGroupIsRefusedWhereverOneIsTaken() async throws {
    let stores = ThreeStores()
    try await stores.fill(9, inOrder: true, seed: 1)
    let group = stores.group
    let worker = ULID()
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    try await group.upsertSubscriber("s", workerID: worker)
    let own = try await group.forward()[4].cursor
    try await group.acknowledge("s", cursor: own, lag: 1, workerID: worker)
    let count = try await group.forward().count
    for cursor in try await foreignCursors(to: stores) {
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("absent")], after: cursor)
      let event = NewEvent(aggregatorType: "t", aggregatorID: "x", name: "n")
      let codes = [
        await code { try await group.read(nil, routingKey: .all, args: .forward(after: .after(cursor))) },
        await code { try await group.read([], routingKey: .all, args: .forward(first: 0, after: .after(cursor))) },
        await code { try await group.read(nil, routingKey: .all, args: .backward(before: cursor)) },
        await code { try await group.acknowledge("s", cursor: cursor, lag: 0, workerID: worker) },
        await code { try await group.saveSnapshot(key, Snapshot(data: Payload(), cursor: cursor)) },
        await code { try await group.write([event], condition: condition) },
      ]
      #expect(codes == Array(repeating: .cursorNotInHistory, count: 6), "\(cursor.content)")
      #expect(
        await code { try await group.acknowledge("s", cursor: cursor, lag: 0, workerID: ULID()) }
          == .subscriberTakenOver)
      #expect(await code { try await group.acknowledge("unknown", cursor: cursor) } == .subscriberNotFound)
    }
    #expect(try await group.getSubscriberCursor("s") == own)
    #expect(try await group.getSnapshot(key) == nil)
    #expect(try await group.forward().count == count)
  }
}
