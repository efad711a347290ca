import EventoGateway
import EventoSQLite
import HTTPServer
import TestSupport
import Testing

/// What followers may take together.
@Suite(.timeLimit(.minutes(2))) struct FollowerLimitTests {
  private static func body(_ types: [String], wait: Bool = false) -> String {
    "{\"aggregators\":[" + types.map { "{\"aggregator_type\":\"\($0)\"}" }.joined(separator: ",") + "]"
      + (wait ? ",\"wait\":1" : "") + "}"
  }

  /// Two filters of two aggregators with texts of 10 bytes each fit exactly.
  @Test func boundsFiltersTogether() async throws {
    let limit = 2 * 2 * (256 + 10)
    try await withGateway({
      $0.totalFilterBytes = limit
      $0.longestWait = .milliseconds(10)
    }) { client in
      func open(_ types: [String]) async throws -> OpenStream {
        try await OpenStream(client, "/events/stream", Self.body(types)) { $0.contains(": heartbeat\n") }
      }
      func filterBytes(_ count: Int) async throws -> Bool {
        try await client.send("GET", "/metrics").text.contains("evento_filter_bytes \(count)\n")
      }
      let pairs = [["bank/one-a", "bank/one-b"], ["bank/two-a", "bank/two-b"]]
      let first = try await open(pairs[0])
      var second: OpenStream? = try await open(pairs[1])
      #expect(first.status == 200 && second?.status == 200)
      #expect(try await filterBytes(limit))
      // Equal ones are one, and what has no filter takes nothing.
      for types in pairs + [[]] {
        #expect(try await open(types).status == 200)
        #expect(try await client.send("POST", "/events/query", Self.body(types, wait: true)).status == 200)
      }
      #expect(try await OpenStream(client, "/events/stream") { $0.contains(": heartbeat\n") }.status == 200)
      for (target, wait) in [("/events/stream", false), ("/events/query", true)] {
        for types in [["b"], ["bank/one-b", "bank/one-a"]] {
          let refused = try await client.send("POST", target, Self.body(types, wait: wait))
          try expectProblem(refused, 503, "unavailable")
          #expect(refused["Retry-After"] == "1" && refused.text.contains(" \(limit) bytes"))
        }
      }
      // One that would not fit alone has nothing to wait for.
      let large = (0..<5).map { "t\($0)" }
      let cost = 5 * (256 + 2)
      try #require(cost > limit)
      for (target, wait) in [("/events/stream", false), ("/events/query", true)] {
        let refused = try await client.send("POST", target, Self.body(large, wait: wait))
        try expectProblem(refused, 400, "invalid_request")
        #expect(refused["Retry-After"] == nil)
        #expect(refused.text.contains("This filter takes \(cost) bytes; at most \(limit) are allowed"))
      }
      // A read that does not wait is none of them, and neither is one that need not.
      #expect(try await client.send("POST", "/events/query", Self.body(["b"])).status == 200)
      #expect(try await client.send("GET", "/metrics").text.contains("evento_requests_shed_total 4\n"))
      second = nil
      // Once the server has noticed that it is gone, there is room again.
      while try await !filterBytes(limit / 2) {}
      second = try await open(["bank/tri-a", "bank/tri-b"])
      #expect(second?.status == 200)
      #expect(try await filterBytes(limit))
      withExtendedLifetime(first) {}
    }
  }

  /// Whether a client takes nothing from a stream or from anything else, what waits for it counts.
  @Test func cutsOffTheSlowestOfStreamsThatAreNotRead() async throws {
    // Two streams fit, and a third does not, for the kernel takes less than a hundred thousand bytes of each.
    let size = 2 << 20
    var server = ServerConfiguration()
    server.totalResponseBytes = 5 << 20
    let store = try await SQLiteExecutor.open(":memory:")
    try await withRunningGateway(over: store, server: server) { client, _, _ in
      let data = "\"" + String(repeating: "x", count: size - 2) + "\""
      #expect(try await client.send("POST", "/events", writeJSON(eventJSON(["data": data]))).status == 201)
      var unread: [RawConnection] = []
      for count in 1...4 {
        unread.append(try RawConnection(port: client.port, receiveBuffer: 4096))
        try await unread[count - 1].send(client.message("GET", "/events/stream", nil, []))
      }
      // Once all four have come, and not before: it would be the reader that is the slowest beside the last one.
      while try await !client.send("GET", "/metrics").text.contains("evento_connections_evicted_total 2\n") {}
      // A client that reads gets all of it.
      let connection = try RawConnection(port: client.port)
      try await connection.send(client.message("GET", "/events/stream", nil, []))
      var received = 0
      while received < size {
        let bytes = try await connection.receive(limit: 1 << 20)
        try #require(!bytes.isEmpty)
        received += bytes.count
      }
      withExtendedLifetime(unread) {}
    }
    await store.close()
  }
}
