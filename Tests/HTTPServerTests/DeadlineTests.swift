import Testing

@testable import HTTPServer

/// Slow clients get a response or are disconnected; no other client waits for them. Each deadline is set so short that it must pass, and
/// nothing is measured.
@Suite struct DeadlineTests {
  private func configuration(_ change: (inout ServerConfiguration) -> Void) -> ServerConfiguration {
    var configuration = ServerConfiguration.patient
    change(&configuration)
    return configuration
  }

  /// Returns the responses to a request that is begun and not continued. A connection that the deadline ended before the
  /// client got to send anything, which a busy machine may make of it, is tried again.
  private func responses(_ count: Int, to text: String, _ address: BoundAddress) async throws -> [RawResponse] {
    while true {
      let client = try RawClient(address)
      do {
        try await client.send(text)
        var responses: [RawResponse] = []
        for _ in 0..<count { responses.append(try await client.response()) }
        #expect(try await client.remainder() == [])
        return responses
      } catch RawClient.Failure.ended(soFar: ""), RawClient.Failure.reset {}
    }
  }

  @Test(arguments: [PollerKind.best, .poll]) func givesUpASlowHead(_ poller: PollerKind) async throws {
    let configuration = configuration {
      $0.headTimeout = .milliseconds(50)
      $0.lingerTimeout = .milliseconds(50)
      $0.poller = poller
    }
    try await withServer(configuration: configuration) { server, address in
      let response = try await responses(1, to: "GET / HTTP/1.1\r\nHost: a\r\nX:", address)[0]
      #expect(response.status == 408)
      #expect(response.headers["Connection"] == "close")
      #expect(response.text.contains("0.05 seconds"))
      #expect(server.statistics.timeouts >= 1)
      // The second request of a connection, too, and one of which only the line has come.
      let second = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n"
      #expect(try await responses(2, to: second, address).map(\.status) == [200, 408])
      // Bytes that come one by one do not make it longer.
      let dripping = try RawClient(address)
      do {
        try await dripping.send("GET / HTTP/1.1\r\nX: ")
        while true {
          try await dripping.send("a")
          try await Task.sleep(for: .milliseconds(1))
        }
      } catch RawClient.Failure.reset {}
    }
  }

  @Test func closesWhatSaysNothing() async throws {
    let configuration = configuration { $0.headTimeout = .milliseconds(50) }
    try await withServer(configuration: configuration) { _, address in
      let client = try RawClient(address)
      #expect(try await client.remainder() == [])
    }
  }

  @Test func closesWhatIsIdle() async throws {
    let configuration = configuration { $0.idleTimeout = .milliseconds(50) }
    try await withServer(configuration: configuration) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().status == 200)
      #expect(try await client.remainder() == [])
    }
  }

  /// Longer than Go's clients (90 s), libcurl (118 s) and Caddy (2 min) keep a connection that is not used.
  @Test func promisesLessThanItKeeps() async throws {
    func said(_ idle: Duration) -> String { String(decoding: PersistenceFields(idle: idle).lines, as: UTF8.self) }
    #expect(said(ServerConfiguration().idleTimeout) == "Connection: keep-alive\r\nKeep-Alive: timeout=135\r\n")
    #expect(said(.seconds(2)) == "Connection: keep-alive\r\nKeep-Alive: timeout=1\r\n")
    // Clients take 0 for "at once".
    #expect(said(.seconds(1)) == "Connection: keep-alive\r\n")
  }

  @Test func givesUpASlowBody() async throws {
    let configuration = configuration {
      $0.bodyGrace = .milliseconds(50)
      $0.minimumBodyRate = 1_000_000
    }
    try await withServer(configuration: configuration) { _, address in
      for framing in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let client = try RawClient(address)
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\n\(framing)\r\n\r\n1\r\n")
        let response = try await client.response()
        #expect(response.status == 408)
        #expect(response.headers["X-Path"] == "/echo")
        #expect(response.text.contains("1000000 bytes"))
        #expect(try await client.remainder() == [])
      }
      // A request with an unwanted body has its response: there is no second one.
      let unwanted = try RawClient(address)
      try await unwanted.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1")
      #expect(try await unwanted.response().status == 200)
      #expect(try await unwanted.remainder() == [])
    }
  }

  @Test func givesUpASlowHandler() async throws {
    let handler = TestHandler(routes: [
      "/": { _ in
        .respond(
          .task { _ in
            // Until it is cancelled.
            try? await Task.sleep(for: .seconds(600))
            return .text("too late")
          })
      }
    ])
    let configuration = configuration { $0.handlerTimeout = .milliseconds(50) }
    try await withServer(handler, configuration: configuration) { _, address in
      for request in ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"] {
        let client = try RawClient(address)
        try await client.send(request)
        let response = try await client.response()
        #expect(response.status == 503)
        #expect(response.headers["X-Error"] == "handlerTimeout")
        #expect(try await client.remainder() == [])
      }
    }
  }

  @Test(arguments: [PollerKind.best, .poll]) func letsGoOfAClientThatDoesNotRead(_ poller: PollerKind) async throws {
    let ended = Signal()
    let handler = TestHandler(routes: [
      "/stream": { _ in
        .respond(
          .response(
            Response(
              body: .stream { writer in
                do {
                  while true { try await writer.write([UInt8](repeating: 65, count: 10_000)) }
                } catch {
                  ended.fire(error)
                  throw error
                }
              })))
      },
      "/bytes": { _ in .respond(.response(Response(body: .bytes([UInt8](repeating: 65, count: 50_000_000))))) },
    ])
    let configuration = configuration {
      $0.writeTimeout = .milliseconds(100)
      $0.poller = poller
    }
    try await withServer(handler, configuration: configuration) { server, address in
      let client = try RawClient(address, receiveBuffer: 4096)
      try await client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
      let error = await ended.wait()
      #expect(error as? BodyWriter.Closed == .clientGone)
      await #expect(throws: RawClient.Failure.self) {
        while true { _ = try await client.bytes(1000) }
      }
      let other = try RawClient(address, receiveBuffer: 4096)
      try await other.send("GET /bytes HTTP/1.1\r\nHost: a\r\n\r\n")
      try await eventually { server.statistics.timeouts == 2 }
    }
  }
}
