import Evento
import EventoTesting
import Testing

/// A store in memory whose clock is out of the range that events may bear.
@Suite struct ClockTests {
  @Test(
    arguments: [
      (Int64.min, 0), (-1, 0), (253_402_300_800_000, 253_402_300_799_999), (.max, 253_402_300_799_999), (7, 7),
    ] as [(Int64, Int64)])
  func generatedTimesAreOfTheRange(_ milliseconds: Int64, _ expected: Int64) async throws {
    let store = InMemoryExecutor(now: { Timestamp(milliseconds: milliseconds) })
    let time = Timestamp(milliseconds: expected)
    let event = NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n", data: Payload("1"))
    #expect(try await store.write([event]).events[0].timestamp == time)
    #expect(try await store.upsertSubscriber("s", workerID: ULID()).subscriber.updatedAt == time)
    #expect(try await store.acknowledge("s", cursor: nil, lag: 0, workerID: nil).updatedAt == time)
  }
}
