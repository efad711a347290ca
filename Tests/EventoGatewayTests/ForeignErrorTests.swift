import Evento
import EventoSQLite
import TestSupport
import Testing

/// A custom executor may throw any error: the response is `internal`, and the log has the error.
@Suite struct ForeignErrorTests {
  struct Breakdown: Error {}

  struct BrokenStore: StoreWrapper {
    let store: SQLiteExecutor

    func read(
      _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
    ) async throws -> ReadResult<Event> { throw Breakdown() }

    func write(_ events: [NewEvent]) async throws -> WriteResult { throw Breakdown() }
    func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert { throw Breakdown() }
    func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { throw Breakdown() }
  }

  @Test func itIsInternal() async throws {
    let (store, log) = (try await SQLiteExecutor.open(":memory:"), LogRecorder())
    try await withGateway(over: BrokenStore(store: store), log: log.logger()) { client in
      try expectProblem(try await client.send("POST", "/events", writeJSON(eventJSON())), 500, "internal")
      try expectProblem(try await client.send("GET", "/events"), 500, "internal")
      try expectProblem(try await client.send("GET", "/snapshots/t/1/i"), 500, "internal")
      try expectProblem(
        try await client.send("PUT", "/subscribers/s", "{\"worker_id\":\"\(ULID())\"}"), 500, "internal")
      #expect(log.lines(with: "Breakdown").count == 4)
    }
    await store.close()
  }
}
