import Evento
import EventoTesting
import Testing

@Suite struct ReadWriteExecutorTests {
  private let reader = InMemoryExecutor()
  private let writer = InMemoryExecutor()
  private var executor: ReadWriteExecutor { ReadWriteExecutor(read: reader, write: writer) }
  private let key = SnapshotKey(type: "t", revision: "1", id: "i")

  private func event(_ id: ULID? = nil) -> NewEvent {
    NewEvent(id: id, aggregatorType: "t", aggregatorID: "a", name: "n")
  }

  @Test func eventsAreReadAtOneAndWrittenToTheOther() async throws {
    let (read, written) = (ULID(), ULID())
    try await reader.write([event(read)])
    try await executor.write([event(written)])
    #expect(try await executor.forward().map(\.node.id) == [read])
    #expect(try await writer.forward().map(\.node.id) == [written])
    #expect(try await executor.event(read)?.node.id == read)
    #expect(try await executor.event(written) == nil)
    let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("t")])
    #expect(await code { try await executor.write([event()], condition: condition) } == .conditionFailed)
    try await executor.write([event()], condition: nil)
    #expect(try await writer.forward().count == 2)
  }

  @Test func subscribersAreTheWriters() async throws {
    let worker = ULID()
    try await reader.upsertSubscriber("s", workerID: ULID())
    #expect(try await executor.upsertSubscriber("s", workerID: worker).isNew)
    let cursor = try await executor.write([event()]).events[0].cursor
    #expect(try await executor.acknowledge("s", cursor: cursor, lag: 3, workerID: worker).cursor == cursor)
    #expect(try await executor.getSubscriberCursor("s") == cursor)
    #expect(try await executor.isSubscriberRunning("s", workerID: worker))
    #expect(try await executor.subscriber("s") == writer.subscriber("s"))
    #expect(try await executor.subscribers() == writer.subscribers())
    #expect(try await executor.setSubscriberEnabled("s", false).workerID == worker)
    try await executor.deleteSubscriber("s")
    #expect(try await writer.subscriber("s") == nil)
    #expect(try await reader.subscriber("s") != nil)
  }

  @Test func snapshotsAreReadWhereTheEventsAre() async throws {
    let snapshot = Snapshot(data: Payload("1"), cursor: try await executor.write([event()]).events[0].cursor)
    try await executor.saveSnapshot(key, snapshot)
    #expect(try await executor.getSnapshot(key) == nil)
    #expect(try await writer.getSnapshot(key) == snapshot)
    let older = Snapshot(data: Payload("0"), cursor: try await reader.write([event()]).events[0].cursor)
    try await reader.saveSnapshot(key, older)
    #expect(try await executor.getSnapshot(key) == older)
    try await executor.deleteSnapshot(key)
    #expect(try await writer.getSnapshot(key) == nil)
  }
}
