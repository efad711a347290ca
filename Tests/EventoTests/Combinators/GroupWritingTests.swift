import Evento
import EventoTesting
import Testing

@Suite struct GroupWritingTests {
  private static func event(_ id: String = "a", _ name: String = "n", _ ulid: ULID? = nil) -> NewEvent {
    NewEvent(id: ulid, aggregatorType: "t", aggregatorID: id, name: name)
  }

  @Test func writesGoToTheFirst() async throws {
    let stores = ThreeStores()
    try await stores.write(to: 1, at: 1, "a")
    let written = try await stores.group.write([Self.event()]).events[0]
    #expect(written.version == 1)
    #expect(try await stores.contents().map(\.count) == [1, 1, 0])
    // From there on: what came behind it in the first, and everything in the others.
    #expect(try await stores.group.forward(after: .after(written.cursor)).count == 1)
    let again = try await stores.group.write([Self.event("a", "n", written.id)])
    #expect(again.isResend && again.events == [written])
  }

  @Test func anEventIsFoundInWhicheverMember() async throws {
    let stores = ThreeStores()
    for member in 0..<3 {
      let id = try await stores.write(to: member, at: Int64(member))
      let edge = try #require(try await stores.group.event(id))
      #expect(edge.node.id == id)
      // Behind it in its member there is nothing, and all of the others.
      #expect(try await stores.group.forward(after: .after(edge.cursor)).count == member)
      #expect(try await stores.group.backward(before: edge.cursor).isEmpty)
    }
    #expect(try await stores.group.event(ULID()) == nil)
  }

  @Test func aConditionHoldsInEveryMember() async throws {
    let stores = ThreeStores()
    for member in 0..<3 {
      try await stores.write(to: member, "Taken", at: 1, "x\(member)")
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t", id: "x\(member)")])
      #expect(await code { try await stores.group.write([Self.event()], condition: condition) } == .conditionFailed)
    }
    let filter = [ReadAggregator("t", name: "Taken")]
    let now = try await stores.group.read(nil, routingKey: .all, args: .forward(after: .now)).pageInfo.endCursor
    let condition = WriteCondition(failIfEventsMatch: filter, after: now)
    try await stores.group.write([Self.event()], condition: condition)
    for member in 0..<3 {
      try await stores.write(to: member, "Taken", at: 2, "y\(member)")
      #expect(await code { try await stores.group.write([Self.event()], condition: condition) } == .conditionFailed)
    }
    #expect(try await stores.contents().map(\.count) == [3, 2, 2])
  }

  @Test func aResendIsOneWhateverAnotherMemberSaysToItsCondition() async throws {
    let stores = ThreeStores()
    let event = Self.event("a", "n", ULID())
    let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t", name: "Taken")])
    let first = try await stores.group.write([event], condition: condition)
    try await stores.write(to: 2, "Taken", at: 2)
    let again = try await stores.group.write([event], condition: condition)
    #expect(again.isResend && again.events == first.events)
    #expect(await code { try await stores.group.write([Self.event("b")], condition: condition) } == .conditionFailed)
    #expect(await code { try await stores.group.write([], condition: condition) } == .missingData)
    let none = WriteCondition(failIfEventsMatch: [])
    #expect(await code { try await stores.group.write([Self.event("b")], condition: none) } == .invalidRequest)
    #expect(try await stores.contents().map(\.count) == [1, 0, 1])
  }

  @Test func whatAMemberCannotDoIsNotImplemented() async throws {
    let plain = GroupPositionTests.LongCursors()
    let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t")])
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    for executor in [ExecutorGroup([plain]), ReadWriteExecutor(read: plain, write: plain)] as [any Executor] {
      let codes = [
        await code { try await executor.write([Self.event()], condition: condition) },
        await code { try await executor.event(ULID()) }, await code { try await executor.subscribers() },
        await code { try await executor.subscriber("s") },
        await code { try await executor.setSubscriberEnabled("s", true) },
        await code { try await executor.deleteSubscriber("s") }, await code { try await executor.deleteSnapshot(key) },
      ]
      #expect(codes == Array(repeating: .notImplemented, count: 7))
      // Without a condition, and without anybody to ask whether it is ready, there is nothing to implement.
      #expect(await code { try await executor.write([Self.event()], condition: nil) } == nil)
      #expect(await code { try await executor.checkReadiness() } == nil)
    }
  }
}
