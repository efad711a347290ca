import Evento
import EventoSQLite
import HTTPServer
import Synchronization
import TestSupport
import Testing

@testable import EventoGateway

/// Each request is in the access log once, when it is over.
@Suite(.timeLimit(.minutes(2))) struct AccessLogTests {
  /// The entries of a gateway's access log.
  private final class Entries: Sendable {
    private let all = Mutex<[AccessLogEntry]>([])

    var count: Int { all.withLock { $0.count } }

    func add(_ entry: AccessLogEntry) { all.withLock { $0.append(entry) } }

    /// Waits for the entry with this request id, and checks that it is the only one.
    func entry(_ id: String) async throws -> AccessLogEntry {
      while true {
        let found = all.withLock { $0.filter { $0.requestID == id } }
        try #require(found.count < 2, "\(found)")
        if let entry = found.first { return entry }
        try await Task.sleep(for: .milliseconds(2))
      }
    }

    /// Waits for the only entry that a condition holds for.
    func entry(where isSought: (AccessLogEntry) -> Bool) async throws -> AccessLogEntry {
      while true {
        let found = all.withLock { $0.filter(isSought) }
        try #require(found.count < 2, "\(found)")
        if let entry = found.first { return entry }
        try await Task.sleep(for: .milliseconds(2))
      }
    }
  }

  private func withLoggedGateway(
    over store: (any Executor)? = nil, _ configure: (inout GatewayConfiguration) -> Void = { _ in },
    server: ServerConfiguration = ServerConfiguration(),
    _ body: (HTTPClient, Entries) async throws -> Void
  ) async throws {
    let entries = Entries()
    let own = store == nil ? try await SQLiteExecutor.open(":memory:") : nil
    try await withRunningGateway(
      over: store ?? own ?? GatedExecutor(),
      {
        $0.accessLog = { entries.add($0) }
        configure(&$0)
      }, server: server
    ) { client, _, _ in try await body(client, entries) }
    await own?.close()
  }

  @Test func hasWhatEachRequestWas() async throws {
    let tokens = try TokenFixture.all()
    try await withLoggedGateway(over: nil, { $0.tokens = tokens.set }) { client, entries in
      func entry(
        _ method: String, _ target: String, _ body: String?, _ token: String?
      ) async throws -> (AccessLogEntry, HTTPResponse) {
        let id = ULID().description
        let fields = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        let response = try await client.send(
          method, target, body, fields: fields + [(name: "X-Request-Id", value: id)])
        let entry = try await entries.entry(id)
        #expect(entry.status == response.status && entry.isComplete && entry.client == "127.0.0.1")
        #expect(entry.responseBytes == response.body.count)
        #expect(entry.requestBytes == body?.utf8.count ?? 0)
        #expect(entry.method == method && entry.path == target.split(separator: "?").first.map(String.init))
        #expect(entry.duration.map { $0 > .zero } ?? false)
        return (entry, response)
      }
      let (write, _) = try await entry("POST", "/events", writeJSON(eventJSON()), tokens.write)
      #expect(write.token == "w" && write.route == "/events" && write.status == 201 && write.code == nil)
      let (read, page) = try await entry("GET", "/events?first=1", nil, tokens.read)
      #expect(read.token == "r" && page.body.count > 100)
      let (head, _) = try await entry("HEAD", "/events", nil, tokens.read)
      #expect(head.method == "HEAD" && head.responseBytes == 0)
      let (missing, _) = try await entry("GET", "/subscribers/a%2Fb", nil, tokens.read)
      #expect(missing.route == "/subscribers/{key}" && missing.code == .subscriberNotFound)
      let (forbidden, _) = try await entry("POST", "/events", writeJSON(eventJSON()), tokens.read)
      #expect(forbidden.status == 403 && forbidden.token == "r" && forbidden.code == .forbidden)
      let (unknown, _) = try await entry("GET", "/events", nil, tokens.read + "x")
      #expect(unknown.status == 401 && unknown.token == nil)
      let (nowhere, _) = try await entry("GET", "/nowhere", nil, tokens.read)
      #expect(nowhere.status == 404 && nowhere.route == nil)
      let (method, _) = try await entry("DELETE", "/events", nil, tokens.read)
      #expect(method.status == 405 && method.route == "/events")
      #expect(entries.count == 8)
    }
  }

  @Test func hasTheClientThatATrustedProxyNames() async throws {
    try await withLoggedGateway(
      over: nil, { $0.trustedProxies = ["127.0.0.1"].compactMap { AddressRange($0) } }
    ) { client, entries in
      for (number, forwarded) in ["203.0.113.7", "\"<script>\"", "evil\u{7F}"].enumerated() {
        let id = "request-\(number)"
        _ = try await client.send(
          "GET", "/healthz", fields: [("X-Forwarded-For", forwarded), ("X-Request-Id", id)])
        if number == 2 { continue }
        #expect(try await entries.entry(id).client == (number == 0 ? "203.0.113.7" : "127.0.0.1"))
      }
    }
  }

  /// The cause is the store's own word, which no client gets.
  @Test func hasTheCauseOfAnError() async throws {
    let store = GatedExecutor()
    await store.gate.open()
    try await withLoggedGateway(over: store) { client, entries in
      _ = try await client.send("GET", "/events", fields: [("X-Request-Id", "a")])
      let entry = try await entries.entry("a")
      #expect(entry.status == 500 && entry.code == .internal && entry.cause?.isEmpty == false)
    }
  }

  @Test func logsAStreamAtItsEndWithItsBytes() async throws {
    try await withLoggedGateway(over: nil, { $0.heartbeat = .milliseconds(50) }) { client, entries in
      try await client.writeEvents(3)
      let before = entries.count
      let connection = try RawConnection(port: client.port)
      try await connection.send(client.message("GET", "/events/stream", nil, [("X-Request-Id", "stream")]))
      var responses = HTTPResponseReader(connection)
      let text = try await responses.beginning { $0.contains("heartbeat") }.text
      #expect(entries.count == before, "it has not ended")
      try await connection.finishSending()
      let entry = try await entries.entry("stream")
      #expect(entry.status == 200 && entry.route == "/events/stream")
      #expect(entry.responseBytes >= text.utf8.count && entry.requestBytes == 0)
      #expect(try #require(entry.duration) > .milliseconds(50))
    }
  }

  @Test func aStreamThatTheGatewayEndsIsComplete() async throws {
    let entries = Entries()
    let store = try await SQLiteExecutor.open(":memory:")
    try await withRunningGateway(over: store, { $0.accessLog = { entries.add($0) } }) { client, _, stop in
      var stream = try await OpenStream(client, "/events/stream", fields: [("X-Request-Id", "stream")]) {
        $0.contains("retry")
      }
      await stop()
      try await stream.read()
      let entry = try await entries.entry("stream")
      #expect(entry.isComplete && entry.responseBytes == stream.text.utf8.count)
    }
    await store.close()
  }

  /// The client has gone without a response.
  @Test(arguments: [true, false]) func logsAClientThatIsGone(hasHeldRead: Bool) async throws {
    let store = HeldWriter(try await SQLiteExecutor.open(":memory:"))
    let tokens = try TokenFixture.all()
    try await withLoggedGateway(over: store, { $0.tokens = tokens.set }) { client, entries in
      var connection: RawConnection? = try RawConnection(port: client.port)
      let body = hasHeldRead ? #"{"after":"now","wait":60}"# : writeJSON(eventJSON())
      try await connection?.send(
        client.message(
          "POST", hasHeldRead ? "/events/query" : "/events", Array(body.utf8),
          [("X-Request-Id", "gone"), ("Authorization", "Bearer \(tokens.write)")]))
      if hasHeldRead {
        while try await !client.send("GET", "/metrics", fields: [("Authorization", "Bearer \(tokens.read)")]).text
          .contains("evento_followers 1\n")
        {}
      } else {
        await store.gate.waitForArrivals(1)
      }
      connection?.resetOnClose()
      connection = nil
      let entry = try await entries.entry("gone")
      #expect(entry.status == nil && !entry.isComplete && entry.responseBytes == 0)
      #expect(entry.route == (hasHeldRead ? "/events/query" : "/events") && entry.token == "w")
      #expect(entry.requestBytes == body.utf8.count)
      if !hasHeldRead { store.finishOne() }
      // What comes later is no second entry.
      #expect(try await client.send("GET", "/healthz").status == 200)
      _ = try await entries.entry("gone")
    }
    await store.store.close()
  }

  @Test func logsAClientThatIsGoneWithinItsBody() async throws {
    try await withLoggedGateway { client, entries in
      var connection: RawConnection? = try RawConnection(port: client.port)
      try await connection?.send(
        "POST /events HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: cut\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n"
      )
      // The gateway has read the head: a reset discards what it has not read.
      #expect(try await connection?.receive().starts(with: "HTTP/1.1 100 ".utf8) == true)
      try await connection?.send("{\"eve")
      connection?.resetOnClose()
      connection = nil
      let entry = try await entries.entry("cut")
      #expect(entry.status == nil && !entry.isComplete && entry.path == "/events")
    }
  }

  @Test func logsWhatIsRefusedBeforeARoute() async throws {
    try await withLoggedGateway(over: nil, { $0.bodyBytes = 10 }) { client, entries in
      for (message, status, path) in [
        ("GET /events HTTP/1.1\r\nX-Request-Id: r\r\nno colon\r\n\r\n", 400, "/events"),
        ("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "/events"),
        ("\u{1}\u{2}\r\n\r\n", 400, nil),
        ("GET /\u{1B}[31m\" HTTP/1.1\r\nHost: a\r\n\r\n", 400, nil),
        ("GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, nil),
        ("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", 413, "/events"),
        ("POST /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n", 400, "/events"),
      ] as [(String, Int, String?)] {
        let before = entries.count
        let connection = try RawConnection(port: client.port)
        try await connection.send(message)
        let response = String(decoding: try await connection.receiveAll(), as: UTF8.self)
        #expect(response.hasPrefix("HTTP/1.1 \(status) "), "\(message)")
        let id = try #require(response.firstMatch(of: /X-Request-Id: ([A-Za-z0-9]+)\r\n/))
        let entry = try await entries.entry(String(id.output.1))
        #expect(entry.status == status && entry.path == path && entry.isComplete, "\(entry)")
        #expect(entry.code != nil && entry.responseBytes > 0)
        #expect(entry.route == (path == nil ? nil : "/events"))
        #expect(entries.count == before + 1)
      }
    }
  }

  @Test func logsARefusedConnection() async throws {
    var server = ServerConfiguration()
    server.connections = 1
    try await withLoggedGateway(over: nil, server: server) { client, entries in
      let first = try RawConnection(port: client.port)
      try await first.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
      var responses = HTTPResponseReader(first)
      #expect(try await responses.next().status == 200)
      let second = try RawConnection(port: client.port)
      #expect(String(decoding: try await second.receiveAll(), as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
      let entry = try await entries.entry { $0.status == 503 }
      #expect(entry.method == nil && entry.client == "127.0.0.1" && entry.code == .unavailable)
      withExtendedLifetime(first) {}
    }
  }

  /// The deadline has had a response; the late one has none.
  @Test func logsALateResponseOnce() async throws {
    let store = HeldWriter(try await SQLiteExecutor.open(":memory:"))
    var server = ServerConfiguration()
    server.handlerTimeout = .milliseconds(100)
    try await withLoggedGateway(over: store, server: server) { client, entries in
      let connection = try RawConnection(port: client.port)
      try await connection.send(
        client.message("POST", "/events", Array(writeJSON(eventJSON()).utf8), [("X-Request-Id", "late")]))
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next().status == 503)
      store.finishOne()
      let entry = try await entries.entry("late")
      #expect(entry.status == 503 && entry.route == "/events" && entry.code == .unavailable)
      #expect(try await client.send("GET", "/healthz").status == 200)
      _ = try await entries.entry("late")
      let metrics = try await client.send("GET", "/metrics").text
      #expect(!metrics.contains(#"route="/events",method="POST",status="201""#), "it is not counted twice")
    }
    await store.store.close()
  }

  @Test func hasEachRequestOfAPipeline() async throws {
    try await withLoggedGateway { client, entries in
      let connection = try RawConnection(port: client.port)
      let requests = (0..<100).map {
        "GET /subscribers/\($0) HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: p-\($0)\r\n\r\n"
      }
      try await connection.send(requests.joined())
      var responses = HTTPResponseReader(connection)
      for _ in 0..<100 { #expect(try await responses.next().status == 404) }
      for number in 0..<100 {
        let entry = try await entries.entry("p-\(number)")
        #expect(entry.path == "/subscribers/\(number)" && entry.status == 404)
      }
      #expect(entries.count == 100)
    }
  }

  @Test func hasTheTrace() async throws {
    try await withLoggedGateway { client, entries in
      let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      for (id, values, trace) in [
        ("a", [valid], "4bf92f3577b34da6a3ce929d0e0e4736"), ("b", [valid, valid], nil), ("c", ["00-x"], nil),
        ("d", [], nil),
      ] as [(String, [String], String?)] {
        _ = try await client.send(
          "GET", "/healthz",
          fields: [(name: "X-Request-Id", value: id)] + values.map { (name: "TraceParent", value: $0) })
        #expect(try await entries.entry(id).traceID == trace)
      }
    }
  }
}
