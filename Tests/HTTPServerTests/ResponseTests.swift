import Testing

@testable import HTTPServer

/// Whole exchanges over real sockets, with each way of waiting for them.
@Suite struct ResponseTests {
  static let pollers = [PollerKind.best, .poll]

  private func configuration(_ poller: PollerKind) -> ServerConfiguration {
    var configuration = ServerConfiguration.patient
    configuration.poller = poller
    return configuration
  }

  @Test(arguments: pollers) func respondsAndContinues(_ poller: PollerKind) async throws {
    try await withServer(configuration: configuration(poller)) { server, address in
      let client = try RawClient(address)
      for _ in 0..<3 {
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try await client.response()
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response.headers["Content-Length"] == "5")
        #expect(response.headers["Connection"] == "keep-alive")
        #expect(response.headers["Keep-Alive"] == "timeout=540")
        #expect(response.headers["Date"]?.hasSuffix(" GMT") == true)
      }
      #expect(server.statistics.requests == 3)
      #expect(server.statistics.acceptedConnections == 1)
      #expect(server.statistics.openConnections == 1)
    }
  }

  @Test(arguments: pollers) func respondsToPipelinedRequestsInOrder(_ poller: PollerKind) async throws {
    try await withServer(configuration: configuration(poller)) { _, address in
      let client = try RawClient(address)
      try await client.send(
        "GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
          + "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /stream HTTP/1.1\r\nHost: a\r\n\r\n"
          + "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n2;a=b\r\n12\r\n0\r\n\r\n"
          + "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
      var texts: [String] = []
      for _ in 0..<5 { texts.append(try await client.response().text) }
      #expect(texts == ["later", "hello", "abc", "one two three", "xyz12"])
      let last = try await client.response(to: "HEAD")
      #expect(last.headers["Content-Length"] == "5")
      #expect(last.headers["Connection"] == "close")
      #expect(try await client.remainder() == [])
    }
  }

  /// Many more requests than one read holds, and responses than one buffer holds.
  @Test(arguments: pollers) func respondsToALongPipeline(_ poller: PollerKind) async throws {
    var configuration = configuration(poller)
    configuration.bufferedBytes = 2000
    try await withServer(configuration: configuration) { server, address in
      let client = try RawClient(address)
      let count = 3000
      async let sent: Void = client.sendApart(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
      for _ in 0..<count { #expect(try await client.response().text == "hello") }
      try await sent
      #expect(server.statistics.requests == count)
    }
  }

  /// Requests that arrive before a client finishes sending get responses, however long it takes to read them.
  @Test(arguments: pollers) func respondsToAPipelineOfAClientThatHasFinishedSending(_ poller: PollerKind) async throws {
    var configuration = configuration(poller)
    configuration.bufferedBytes = 1000
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.response(Response(body: .bytes([UInt8](repeating: 65, count: 100_000))))) }
    ])
    try await withServer(handler, configuration: configuration) { _, address in
      let client = try RawClient(address, receiveBuffer: 8192)
      try await client.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
      client.finishSending()
      for _ in 0..<100 {
        let response = try await client.response()
        #expect(response.status == 200)
        #expect(response.body.count == 100_000)
      }
      #expect(try await client.remainder() == [])
    }
  }

  /// The client that reads nothing for the longest time is disconnected if too many responses wait for all clients.
  @Test(arguments: pollers) func boundsResponsesTogether(_ poller: PollerKind) async throws {
    let size = 20_000_000
    var configuration = configuration(poller)
    configuration.totalResponseBytes = 3 * size + size / 2
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.response(Response(body: .bytes([UInt8](repeating: 65, count: size))))) }
    ])
    try await withServer(handler, configuration: configuration) { server, address in
      var clients: [RawClient] = []
      for count in 1...4 {
        clients.append(try RawClient(address, receiveBuffer: 8192))
        try await clients[count - 1].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually { server.statistics.requests == count }
      }
      try await eventually { server.statistics.evictions >= 1 }
      await #expect(throws: (any Error).self) { try await clients[0].response() }
      #expect(try await clients[3].response().body.count == size)
      let next = try RawClient(address)
      try await next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await next.response().body.count == size)
    }
  }

  /// Who is slowest is known by what each has taken, however often one was cut off before.
  @Test(arguments: pollers) func cutsOffWhoHasTakenNothingSince(_ poller: PollerKind) async throws {
    let size = 20_000_000
    var configuration = configuration(poller)
    configuration.totalResponseBytes = 3 * size + size / 2
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.response(Response(body: .bytes([UInt8](repeating: 65, count: size))))) }
    ])
    try await withServer(handler, configuration: configuration) { server, address in
      var clients: [RawClient] = []
      func ask(_ client: RawClient) async throws {
        let count = server.statistics.requests
        try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try await eventually { server.statistics.requests == count + 1 }
      }
      for _ in 0..<4 {
        let client = try RawClient(address, receiveBuffer: 8192)
        try await ask(client)
        clients.append(client)
      }
      try await eventually { server.statistics.evictions == 1 }
      await #expect(throws: (any Error).self) { try await clients[0].response() }
      // The second reads its response and gets another: the third is then the slowest.
      #expect(try await clients[1].response().body.count == size)
      try await ask(clients[1])
      clients.append(try RawClient(address, receiveBuffer: 8192))
      try await ask(clients[4])
      try await eventually { server.statistics.evictions == 2 }
      await #expect(throws: (any Error).self) { try await clients[2].response() }
      for index in [1, 3, 4] { #expect(try await clients[index].response().body.count == size) }
    }
  }

  @Test(arguments: pollers) func takesARequestByteByByte(_ poller: PollerKind) async throws {
    try await withServer(configuration: configuration(poller)) { _, address in
      let client = try RawClient(address)
      let request = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      for byte in Array(request.utf8) { try await client.send([byte]) }
      #expect(try await client.response().text == "abc")
    }
  }

  @Test(arguments: pollers) func movesLargeBodiesBothWays(_ poller: PollerKind) async throws {
    let handler = TestHandler(routes: [
      "/": { _ in .readBody(limit: 20_000_000) { body in .response(Response(body: .bytes(body))) } }
    ])
    try await withServer(handler, configuration: configuration(poller)) { _, address in
      let client = try RawClient(address)
      let pattern = (0..<9973).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
      let body = repeatElement(pattern, count: 500).reduce(into: []) { $0.append(contentsOf: $1) }
      for _ in 0..<2 {
        try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.count)\r\n\r\n")
        try await client.send(body)
        #expect(try await client.response().body == body)
      }
    }
  }

  /// RFC 9110 §9.3.2, §15.3.5 and §15.4.5; RFC 9112 §6.3.
  @Test func leavesOutBodiesThatMayNotBe() async throws {
    let handler = TestHandler(routes: [
      "/": { _ in .respond(.response(.text("hello"))) },
      "/none": { _ in .respond(.response(.text("hello", 204))) },
      "/same": { _ in .respond(.response(.text("hello", 304))) },
      "/stream": { _ in .respond(.response(Response(body: .stream { try await $0.write([1]) }))) },
      "/empty": { _ in .respond(.response(Response())) },
    ])
    try await withServer(handler) { _, address in
      let client = try RawClient(address)
      try await client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response(to: "HEAD").headers["Content-Length"] == "5")
      for (path, status) in [("/none", 204), ("/same", 304)] {
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try await client.response()
        #expect(response.status == status)
        #expect(response.headers["Content-Length"] == nil)
        #expect(response.headers["Transfer-Encoding"] == nil)
      }
      try await client.send("HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /empty HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response(to: "HEAD").headers["Transfer-Encoding"] == "chunked")
      #expect(try await client.response().headers["Content-Length"] == "0")
    }
  }

  /// RFC 9112 §9.3, and §7.1: there are no chunks in HTTP/1.0.
  @Test func speaksOneDotZero() async throws {
    try await withServer { _, address in
      let once = try RawClient(address)
      try await once.send("GET / HTTP/1.0\r\n\r\n")
      let response = try await once.response()
      #expect(response.text == "hello")
      #expect(response.headers["Connection"] == "close")
      #expect(response.headers["Keep-Alive"] == nil)
      #expect(try await once.remainder() == [])

      let more = try RawClient(address)
      for _ in 0..<2 {
        try await more.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let response = try await more.response()
        #expect(response.headers["Connection"] == "keep-alive")
        #expect(response.headers["Keep-Alive"] == "timeout=540")
      }
      try await more.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let stream = try await more.response()
      #expect(stream.headers["Transfer-Encoding"] == nil)
      #expect(stream.headers["Connection"] == "close")
      #expect(stream.text == "one two three")
    }
  }

  /// RFC 9112 §9.6: a client that sends no more may still read.
  @Test(arguments: pollers) func respondsToAClientThatHasFinishedSending(_ poller: PollerKind) async throws {
    try await withServer(configuration: configuration(poller)) { _, address in
      for path in ["/", "/later", "/stream"] {
        let client = try RawClient(address)
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        client.finishSending()
        #expect(try await client.response().status == 200)
        #expect(try await client.remainder() == [])
      }
      let partial = try RawClient(address)
      try await partial.send("GET / HTTP/1.1\r\nHos")
      partial.finishSending()
      #expect(try await partial.response().status == 400)
      #expect(try await partial.remainder() == [])
      let short = try RawClient(address)
      try await short.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
      short.finishSending()
      #expect(try await short.response().status == 400)
      let idle = try RawClient(address)
      idle.finishSending()
      #expect(try await idle.remainder() == [])
    }
  }

  @Test func servesManyClientsAtOnce() async throws {
    var configuration = ServerConfiguration.patient
    configuration.eventLoops = 2
    try await withServer(configuration: configuration) { server, address in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<40 {
          group.addTask {
            let client = try RawClient(address)
            for path in ["/", "/later", "/stream", "/"] {
              try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
              #expect(try await client.response().status == 200)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(server.statistics.requests == 160)
    }
  }
}
