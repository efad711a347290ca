import Foundation
import TestSupport
import Testing

/// The log never stops the gateway, whatever becomes of it.
@Suite struct LogTests {
  /// As with `serve 2>&1 | head -1`.
  @Test func servesAfterTheReaderOfItsLogHasExited() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite", "--log-level", "debug"], errors: .refused)
      for _ in 0..<3 { #expect(try await gateway.client.send("GET", "/healthz").status == 200) }
      gateway.send(SIGHUP)
      #expect(try await gateway.client.send("GET", "/healthz").status == 200)
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
    }
  }

  /// What is logged may be anybody's words.
  @Test func steersNoTerminal() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite"],
        environment: ["EVENTO_A\u{1B}[31mB\u{9B}C\u{202E}D\nE": "1"])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains(#"EVENTO_A\u{1B}[31mB\u{9B}C\u{202E}D\nE is not a setting"#))
      #expect(log.isHarmless)
    }
  }

  /// Each line is long, so that the pipe and the buffer are soon full.
  private static func fillTheLog(of gateway: GatewayProcess) async throws {
    let client = try gateway.client
    let connection = try RawConnection(port: client.port)
    var responses = HTTPResponseReader(connection)
    for _ in 0..<400 {
      try await connection.send("GET /\(String(repeating: "x", count: 10_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try await responses.next().status == 404)
    }
  }

  @Test func servesAndStopsWhileItsLogIsNotRead() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite", "--log-level", "debug"], errors: .unread)
      try await Self.fillTheLog(of: gateway)
      #expect(try await gateway.client.send("GET", "/healthz").status == 200)
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
    }
  }

  @Test func saysHowManyLinesItDropped() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite", "--log-level", "debug"], errors: .unread)
      try await Self.fillTheLog(of: gateway)
      let log = try gateway.readUnreadLog()
      var dropped: Int?
      var requests = 0
      while dropped == nil, let line = await log.nextLine() {
        if line.contains(" debug evento-gateway"), !line.contains("Limits:") { requests += 1 }
        dropped = line.firstMatch(of: /warning evento-gateway: .* ([0-9]+) lines of the log were dropped/).flatMap {
          Int($0.output.1)
        }
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      let rest = await log.rest()
      requests += rest.components(separatedBy: " debug evento-gateway").count - 1
      #expect(requests + (dropped ?? 0) == 400)
      #expect(rest.hasSuffix("Stopped.\n"), "the last lines are there")
    }
  }
}
