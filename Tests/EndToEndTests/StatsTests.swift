import Evento
import EventoSQLite
import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct StatsTests {
  @Test func countsAStore() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/e.sqlite"
      let store = try await SQLiteExecutor.open(path)
      var cursors: [Cursor] = []
      for (index, id) in ["a", "b", "a", "c"].enumerated() {
        let written = try await store.write([
          NewEvent(
            aggregatorType: index == 3 ? "z\u{9B}" : "shop/Order", aggregatorID: id, name: "n\(index)",
            data: Payload("12345"), timestamp: Timestamp(seconds: Int64(index) * 1000))
        ])
        cursors.append(written.events[0].cursor)
      }
      for (key, cursor) in [("new", nil), ("behind", cursors[1]), ("at the end", cursors[3])] {
        try await store.upsertSubscriber(key, workerID: ULID())
        try await store.acknowledge(key, cursor: cursor)
      }
      try await store.setSubscriberEnabled("new", false)
      try await store.saveSnapshot(
        SnapshotKey(type: "t", revision: "1", id: "i"), Snapshot(data: Payload("1"), cursor: cursors[0]))
      let events = try await store.read(args: .forward(first: 10)).edges.map(\.node)

      // While a process has it open.
      let outcome = try await GatewayProcess.run(["stats", "--json"], environment: ["EVENTO_DATABASE": path])
      #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
      let json = try JSONValue(Array(outcome.output.utf8))
      #expect(json["events"] == 4 && json["aggregators"] == 3)
      #expect(json["snapshots"] == 1 && json["content_bytes"] == 28)
      let types = try #require(json["aggregator_types"]?.array)
      #expect(types.count == 2 && types[0]["aggregator_type"]?.string == "shop/Order")
      #expect(types[0]["aggregators"] == 2 && types[0]["events"] == 3)
      let subscribers = try #require(json["subscribers"]?.array)
      #expect(subscribers.map { $0["key"]?.string } == ["at the end", "behind", "new"])
      #expect(subscribers.map { $0["lag_events"] } == [0, 2, 4] as [JSONValue?])
      #expect(subscribers[0]["lag_seconds"] == 0)
      #expect(json["oldest"]?["id"]?.string == events[0].id.description)
      #expect(json["newest"]?["timestamp"] == 3000)

      let text = try await GatewayProcess.run(["stats", "--database", path])
      #expect(text.status == 0 && text.output.isHarmless, "\(text.output)")
      #expect(text.output.hasPrefix("Events                 4\nAggregates             3\n"), "\(text.output)")
      #expect(text.output.contains("  shop/Order  2 aggregates, 3 events\n"))
      #expect(text.output.contains("  at the end  at the end\n"))
      #expect(text.output.contains(", disabled\n"))
      await store.close()
    }
  }

  @Test func anEmptyStoreAndNone() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/e.sqlite"
      await (try SQLiteExecutor.open(path)).close()
      let outcome = try await GatewayProcess.run(["stats", "--database", path])
      #expect(outcome.status == 0 && outcome.output.contains("Oldest event           none\n"), "\(outcome.output)")
      let none = try await GatewayProcess.run(["stats", "--database", folder + "/none"])
      #expect(none.status == 1 && none.errors.contains("There is no database"))
      let url = try await GatewayProcess.run(["stats", "--url", "http://127.0.0.1:1"])
      #expect(url.status == 64)
    }
  }
}
