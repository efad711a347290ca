import Foundation
import TestSupport
import Testing

/// The lines of the log in both formats, whatever clients send.
@Suite(.timeLimit(.minutes(3))) struct LogFormatTests {
  private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  /// Runs a gateway, and returns its log.
  private func log(
    _ options: [String], _ body: (GatewayProcess, HTTPClient) async throws -> Void
  ) async throws -> [Substring] {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"] + options)
      try await body(gateway, gateway.client)
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && outcome.errors.isHarmless)
      return outcome.errors.split(separator: "\n")
    }
  }

  @Test func theAccessLogHasALineForEachRequest() async throws {
    let lines = try await log(["--access-log"]) { _, client in
      _ = try await client.send(
        "GET", "/subscribers/a?x=secret", fields: [("X-Request-Id", "one"), ("traceparent", Self.trace)])
      _ = try await client.send("POST", "/events", "{}", fields: [("X-Request-Id", "two")])
    }
    let one = try #require(lines.first { $0.contains("request_id=one ") })
    let time = /20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{4}/
    #expect(one.prefixMatch(of: time) != nil && !one.contains("secret"))
    let rest =
      /.{24} info evento-gateway: client=127\.0\.0\.1 code=invalid_request complete=true duration_us=[0-9]+ request_bytes=0 request_id=one response_bytes=[1-9][0-9]+ route=\/subscribers\/\{key\} token=- trace_id=4bf92f3577b34da6a3ce929d0e0e4736 \[access\] GET \/subscribers\/a 400/
    #expect(one.wholeMatch(of: rest) != nil, "\(one)")
    let two = try #require(lines.first { $0.contains("request_id=two ") })
    #expect(two.contains(" request_bytes=2 ") && !two.contains("trace_id"))
    #expect(two.hasSuffix("[access] POST /events 400"))
    #expect(lines.count { $0.contains("[access]") } == 2)
  }

  /// The lines of the log are as they are without it.
  @Test func thereIsNoAccessLogUnlessItIsAskedFor() async throws {
    let lines = try await log(["--log-level", "debug"]) { _, client in
      _ = try await client.send("GET", "/healthz", fields: [("X-Request-Id", "one")])
    }
    let line = try #require(lines.first { $0.contains("request_id=one ") })
    let text =
      /.{24} debug evento-gateway: client=127\.0\.0\.1 duration_us=[0-9]+ request_id=one token=- \[EventoGateway\] GET \/healthz 200/
    #expect(line.wholeMatch(of: text) != nil, "\(line)")
    #expect(!lines.contains { $0.contains("[access]") })
  }

  @Test func jsonHasTheSameInMembers() async throws {
    let lines = try await log(["--log-format", "json", "--access-log", "--log-level", "debug"]) { _, client in
      _ = try await client.send(
        "POST", "/events", "{}", fields: [("X-Request-Id", "one"), ("traceparent", Self.trace)])
    }
    let entries = try lines.map { try JSONValue(Array($0.utf8)) }
    let access = entries.filter { $0["source"] == "access" }
    try #require(access.count == 1)
    let entry = access[0]
    #expect(
      entry.names == [
        "time", "level", "logger", "message", "source", "request_id", "client", "token", "method", "path", "route",
        "status", "duration_us", "request_bytes", "response_bytes", "complete", "code", "trace_id",
      ])
    #expect(entry["status"] == 400 && entry["request_bytes"] == 2)
    #expect(entry["token"] == .null && entry["complete"] == true)
    #expect(entry["route"] == "/events" && entry["message"] == "POST /events 400" && entry["level"] == "info")
    let time = try #require(entry["time"]?.string)
    #expect(time.wholeMatch(of: /20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z/) != nil)
    #expect(!entries.contains { $0["level"] == "debug" && $0["request_id"] == "one" }, "one line is enough")
  }

  @Test func debugHasALineForEachResponse() async throws {
    let lines = try await log(["--log-format", "json", "--log-level", "debug"]) { _, client in
      _ = try await client.send("GET", "/events", fields: [("X-Request-Id", "one")])
    }
    let entries = try lines.map { try JSONValue(Array($0.utf8)) }
    let debug = try #require(entries.first { $0["request_id"] == "one" })
    #expect(debug["level"] == "debug" && debug["client"] == "127.0.0.1" && debug["source"] == "EventoGateway")
  }

  /// Anything in the places that end up in a line. Each line is valid JSON, and nothing makes two of one.
  @Test func whateverIsSentEachLineIsValidJSON() async throws {
    var random = SeededRandom(seed: 19)
    let count = 1500
    let lines = try await log([
      "--log-format", "json", "--access-log", "--log-level", "debug", "--trusted-proxy", "127.0.0.1",
    ]) { _, client in
      for _ in 0..<count {
        let connection = try RawConnection(port: client.port)
        try await connection.send(random.request())
        try await connection.finishSending()
        _ = try? await connection.receiveAll()
      }
    }
    let entries = try lines.map { line in
      let entry = try JSONValue(Array(line.utf8))
      for member in ["time", "level", "message"] { #expect(entry[member]?.string != nil, "\(line)") }
      return entry
    }
    // Each connection has sent at most one request, or nothing that is one.
    let access = entries.filter { $0["source"] == "access" }
    #expect(access.count > count / 2 && access.count <= count)
    #expect(!lines.contains { $0.contains("evil") && !$0.contains("access") && !$0.contains("EventoGateway") })
  }

  /// The same in text: each request is one line.
  @Test func whateverIsSentEachRequestIsOneLine() async throws {
    var random = SeededRandom(seed: 20)
    let lines = try await log(["--access-log", "--trusted-proxy", "127.0.0.1"]) { _, client in
      for _ in 0..<500 {
        let connection = try RawConnection(port: client.port)
        try await connection.send(random.request())
        try await connection.finishSending()
        _ = try? await connection.receiveAll()
      }
    }
    let pairs = /.{24} info evento-gateway:( [a-z_]+=("([^"\\]|\\.)*"|[!-~]+))+ \[access\] [!-~]+ [!-~]+ ([0-9]{3}|-)/
    for line in lines where line.contains("[access]") { #expect(line.wholeMatch(of: pairs) != nil, "\(line)") }
    #expect(lines.count { $0.contains("[access]") } > 250)
  }

  /// A pipe that nobody reads is full after 64 KiB, and the buffer after a mebibyte.
  @Test(arguments: [["--access-log"], ["--access-log", "--log-format", "json"]])
  func servesWhileItsAccessLogIsNotRead(_ options: [String]) async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite"] + options, errors: .unread)
      let client = try gateway.client
      func dropped() async throws -> Int {
        let metrics = try await client.send("GET", "/metrics").text
        let match = try #require(metrics.firstMatch(of: /\nevento_log_lines_dropped_total ([0-9]+)\n/))
        return try #require(Int(match.output.1))
      }
      #expect(try await dropped() == 0)
      let connection = try RawConnection(port: client.port)
      var responses = HTTPResponseReader(connection)
      let path = "/" + String(repeating: "x", count: 10_000)
      var sent = 0
      while sent < 100 || sent % 100 == 0, try await dropped() == 0 {
        for _ in 0..<100 {
          try await connection.send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n")
          #expect(try await responses.next().status == 404)
          sent += 1
        }
        try #require(sent < 2000)
      }
      #expect(try await client.send("GET", "/healthz").status == 200)
      // It is said where the gap is.
      let log = try gateway.readUnreadLog()
      while let line = await log.nextLine(), !line.contains("lines of the log were dropped here") {
        if options.count > 1 { #expect(throws: Never.self) { try JSONValue(Array(line.utf8)) } }
      }
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
    }
  }
}

/// Numbers that are the same in each run (SplitMix64).
private struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var bits = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
    return bits ^ bits >> 31
  }

  /// Bytes that someone might use against a log: ends of lines, quotes, terminal controls, JSON, invalid UTF-8.
  private mutating func bytes(_ limit: Int) -> [UInt8] {
    let pieces: [[UInt8]] = [
      Array("\"".utf8), Array("\\".utf8), Array("\\\"".utf8), Array("\",\"evil\":\"".utf8), Array("\u{1B}[31m".utf8),
      Array("\u{202E}\u{2028}\u{9B}".utf8), Array("é💶".utf8), [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90],
      Array("%0d%0a%00%ff".utf8), Array("level=error".utf8), Array(" ".utf8), Array("\t".utf8), Array("=".utf8),
      Array("{}".utf8), Array("a".utf8), Array("/".utf8), [0x7F], Array("\u{E000}\u{10FFFF}".utf8),
    ]
    var all: [UInt8] = []
    for _ in 0..<Int.random(in: 0...limit, using: &self) {
      if let piece = pieces.randomElement(using: &self) { all += piece }
    }
    return all
  }

  mutating func request() -> [UInt8] {
    let methods = ["GET", "GET", "GET", "POST", "DELETE", "HEAD", "BREW"]
    var request = Array((methods.randomElement(using: &self) ?? "GET").utf8) + Array(" /".utf8)
    let paths = ["subscribers/", "events/", "nowhere/", "snapshots/a/b/"]
    request += Array((paths.randomElement(using: &self) ?? "").utf8)
    // A target takes few of them.
    request += bytes(4).filter { Bool.random(using: &self) ? true : (0x30...0x7A).contains($0) }
    request += Array(" HTTP/1.1\r\nHost: localhost\r\n".utf8)
    for name in ["X-Request-Id", "X-Forwarded-For", "Forwarded", "traceparent", "Authorization", "User-Agent"] {
      guard Bool.random(using: &self) else { continue }
      request += Array("\(name): \(name == "Forwarded" ? "for=" : "")".utf8) + bytes(6) + Array("\r\n".utf8)
    }
    return request + Array("\r\n".utf8)
  }
}
