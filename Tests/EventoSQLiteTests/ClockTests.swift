import Evento
import EventoSQLite
import Testing

/// A store whose clock is out of the range that events may bear.
@Suite struct ClockTests {
  @Test(
    arguments: [
      (Int64.min, 0), (-1, 0), (253_402_300_800_000, 253_402_300_799_999), (.max, 253_402_300_799_999),
      (1_700_000_000_007, 1_700_000_000_007),
    ] as [(Int64, Int64)])
  func generatedTimesAreOfTheRange(_ milliseconds: Int64, _ expected: Int64) async throws {
    var configuration = SQLiteConfiguration()
    configuration.now = { Timestamp(milliseconds: milliseconds) }
    try await withStore(configuration) { store in
      let time = Timestamp(milliseconds: expected)
      #expect(try await store.write([.sample()]).events[0].timestamp == time)
      #expect(try await store.everything().map(\.node.timestamp) == [time])
      let made = try await store.upsertSubscriber("s", workerID: ULID()).subscriber
      #expect(made.createdAt == time && made.updatedAt == time)
      #expect(try await store.acknowledge("s", cursor: nil).updatedAt == time)
      #expect(try await store.setSubscriberEnabled("s", false).updatedAt == time)
    }
  }
}
