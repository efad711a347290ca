import Evento
import EventoGateway
import TestSupport
import Testing

@Suite struct StoreMetricsTests {
  /// The metrics of every store, and then those that only SQLite has. Dashboards use their names.
  @Test func aStoresOwnMetricsFollowThoseOfEveryStore() async throws {
    try await withGateway { client in
      try await client.writeEvents(1)
      let lines = try await client.send("GET", "/metrics").text.split(separator: "\n")
      let types = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.dropFirst(7) }
      let first = try #require(types.firstIndex(of: "evento_writes_waiting gauge"))
      #expect(
        types[first...].prefix(6) == [
          "evento_writes_waiting gauge", "evento_commits_total counter", "evento_write_ahead_log_bytes gauge",
          "evento_checkpoints_total counter", "evento_checkpoint_seconds_total counter",
          "evento_checkpoint_failures_total counter",
        ])
      for type in types[first...].prefix(6) {
        let name = type.prefix { $0 != " " }
        #expect(lines.count { $0.hasPrefix("\(name) ") } == 1)
        #expect(lines.count { $0.hasPrefix("# HELP \(name) ") } == 1)
      }
      #expect(lines.contains("evento_commits_total 1") && lines.contains("evento_checkpoint_seconds_total 0.0"))
    }
  }
}
