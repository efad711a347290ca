import Evento
import EventoSQLite
import TestSupport
import Testing

/// How many reads of followers the store has at once.
@Suite(.timeLimit(.minutes(2))) struct FollowerReadTests {
  private static func body(_ other: String, wait: Bool = false) -> String {
    "{\"aggregators\":[{\"aggregator_type\":\"bank/Account\"},{\"aggregator_type\":\"\(other)\"}],\"after\":\"now\""
      + (wait ? ",\"wait\":60}" : "}")
  }

  /// One commit wakes all of them, streams and reads that wait. Whoever else reads must not come behind all of them.
  @Test func aCommitThatWakesManyBringsFewReadsAtOnce() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = HoldingViewer(store)
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(1)
      var streams: [OpenStream] = []
      for number in 0..<30 {
        streams.append(
          try await OpenStream(client, "/events/stream", Self.body("s\(number)")) { $0.contains("heartbeat") })
      }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<30 {
          group.addTask { try await client.send("POST", "/events/query", Self.body("r\(number)", wait: true)).status }
        }
        while try await !client.send("GET", "/metrics").text.contains("evento_followers 60\n") {}
        viewer.hold { _ in true }
        let releases = Task {
          var most = 0
          while !Task.isCancelled {
            // Time for others to come, if more may.
            for _ in 0..<1000 { await Task.yield() }
            most = max(most, viewer.release())
          }
          return most
        }
        try await client.writeEvents(1)
        for try await status in group { #expect(status == 200) }
        for index in streams.indices {
          try await streams[index].read { $0.contains("\"data\":") }
          #expect(streams[index].numbers == [1])
        }
        releases.cancel()
        #expect(1...16 ~= (await releases.value))
        viewer.hold { _ in false }
        viewer.release()
      }
    }
    await store.close()
  }

  @Test func thoseAtTheEndDoNotWaitForThoseThatAreNot() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let viewer = HoldingViewer(store)
    try await withGateway(over: viewer) { client in
      try await client.writeEvents(1)
      viewer.hold { $0.contains { $0.aggregatorType == "slow" } }
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<20 {
          group.addTask {
            let body = "{\"aggregators\":[{\"aggregator_type\":\"slow\"},{\"aggregator_type\":\"t\(number)\"}]}"
            return try await OpenStream(client, "/events/stream", body) { $0.contains("heartbeat") }.status
          }
        }
        while viewer.held == 0 { await Task.yield() }
        var stream = try await OpenStream(client, "/events/stream", Self.body("other")) { $0.contains("heartbeat") }
        try await client.writeEvents(1)
        try await stream.read { $0.contains("\"data\":") }
        #expect(stream.numbers == [1])
        viewer.hold { _ in false }
        viewer.release()
        for try await status in group { #expect(status == 200) }
      }
    }
    await store.close()
  }
}
