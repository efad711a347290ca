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
        types[first...].prefix(10) == [
          "evento_writes_waiting gauge", "evento_commits_total counter", "evento_commit_duration_seconds histogram",
          "evento_commit_writes histogram", "evento_written_events_total counter", "evento_written_bytes_total counter",
          "evento_database_bytes gauge", "evento_write_ahead_log_bytes gauge",
          "evento_checkpoint_duration_seconds histogram", "evento_checkpoint_failures_total counter",
        ])
      for type in types[first...].prefix(10) {
        let name = type.prefix { $0 != " " }
        let sample = type.hasSuffix("histogram") ? "\(name)_count" : "\(name)"
        #expect(lines.count { $0.hasPrefix("\(sample) ") } == 1)
        #expect(lines.count { $0.hasPrefix("# HELP \(name) ") } == 1)
      }
      #expect(lines.contains("evento_commits_total 1") && lines.contains("evento_checkpoint_duration_seconds_sum 0.0"))
    }
  }
}
