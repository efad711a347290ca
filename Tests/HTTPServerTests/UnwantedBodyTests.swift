import Testing

@testable import HTTPServer

/// `Expect: 100-continue`, bodies that are too long, and bodies that nobody wants.
@Suite struct UnwantedBodyTests {
  /// RFC 9110 §10.1.1.
  @Test func tellsTheClientToContinue() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      for framing in ["Content-Length: 3", "Transfer-Encoding: chunked"] {
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\(framing)\r\n\r\n")
        #expect(try await client.response().status == 100)
        try await client.send(framing == "Content-Length: 3" ? "abc" : "3\r\nabc\r\n0\r\n\r\n")
        #expect(try await client.response().text == "abc")
      }
      // Not where the body has come already, nor where there is none, nor for HTTP/1.0.
      try await client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
          + "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n"
          + "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      #expect(try await client.response().text == "abc")
      #expect(try await client.response().text == "")
      try await client.send("abc")
      #expect(try await client.response().text == "abc")
    }
  }

  @Test func refusesADeclaredBodyBeforeItIsSent() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send("POST /small HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n")
      let response = try await client.response()
      #expect(response.status == 413)
      #expect(response.headers["Connection"] == "close")
      #expect(response.headers["X-Path"] == "/small")
      #expect(response.text.contains("10 bytes"))
      #expect(try await client.remainder() == [])
    }
  }

  @Test func respondsInsteadOfTellingTheClientToContinue() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send("POST /none HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
      let response = try await client.response()
      #expect(response.status == 404)
      // Whether the body still comes can't be known.
      #expect(response.headers["Connection"] == "close")
      #expect(try await client.remainder() == [])
    }
  }

  @Test func refusesABodyThatTurnsOutTooLong() async throws {
    try await withServer { _, address in
      let exact = try RawClient(address)
      try await exact.send(
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n")
      #expect(try await exact.response().text == "0123456789")
      try await exact.send(
        "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n5\r\n67890\r\n")
      let response = try await exact.response()
      #expect(response.status == 413)
      #expect(try await exact.remainder() == [])
    }
  }

  /// Of the chunk that is too large none has come.
  @Test(arguments: [
    "B\r\n", "7fffffffffffffff\r\n", "b;x=y\r\n", "6\r\n012345\r\n5\r\n", "A\r\n0123456789\r\n1\r\n",
    "FFFFFFFFFFFFFFFF\r\n", "8000000000000000\r\n", "00000000000000000000000000000B\r\n",
  ])
  func refusesAChunkBeforeItIsSent(_ body: String) async throws {
    try await withServer { _, address in
      for expectation in ["", "Expect: 100-continue\r\n"] {
        let client = try RawClient(address)
        try await client.send(
          "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\(expectation)\r\n\(body)")
        let response = try await client.response()
        #expect(response.status == 413)
        #expect(response.headers["Connection"] == "close")
        #expect(response.text.contains("10 bytes"))
        #expect(try await client.remainder() == [])
      }
    }
  }

  /// Nor is a chunk waited for that would only be thrown away.
  @Test func readsNoLargeUnusedChunk() async throws {
    var configuration = ServerConfiguration.patient
    configuration.drainBytes = 100
    try await withServer(configuration: configuration) { _, address in
      let whole = try RawClient(address)
      try await whole.send("POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n")
      let response = try await whole.response()
      #expect(response.status == 404)
      #expect(response.headers["Connection"] == "close")
      #expect(try await whole.remainder() == [])
      // The response is sent before the chunk is announced.
      let late = try RawClient(address)
      try await late.send("POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
      #expect(try await late.response().status == 404)
      try await late.send("64\r\n")
      #expect(try await late.remainder() == [])
      // What may be drained still is.
      let small = try RawClient(address)
      try await small.send(
        "POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n\(String(repeating: "a", count: 100))\r\n"
          + "0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await small.response().status == 404)
      #expect(try await small.response().text == "hello")
    }
  }

  /// All bodies together are bounded, and what is over makes room again.
  @Test func boundsBodiesTogether() async throws {
    var configuration = ServerConfiguration.patient
    configuration.totalBodyBytes = 1000
    try await withServer(configuration: configuration) { server, address in
      let first = try RawClient(address)
      try await first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
      try await first.send([UInt8](repeating: 65, count: 800))
      let second = try RawClient(address)
      // Until the server has the first one's bytes, there is room.
      var refusal = 200
      try await eventually { server.statistics.requests == 1 }
      while refusal == 200 {
        try await second.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 300\r\n\r\n")
        try await second.send([UInt8](repeating: 66, count: 300))
        refusal = try await second.response().status
      }
      #expect(refusal == 503)
      try await first.send([UInt8](repeating: 65, count: 100))
      #expect(try await first.response().body.count == 900)
      try await first.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
      try await first.send([UInt8](repeating: 65, count: 1000))
      #expect(try await first.response().body.count == 1000)
    }
  }

  /// However it is worked on, and whatever has become of its client: the bytes are in memory for as long.
  @Test(arguments: ["/task", "/responder"], ["done", "dropped", "late", "gone"])
  func countsABodyUntilItsRequestHasBeenWorkedOn(_ path: String, _ end: String) async throws {
    let (begun, goesOn) = (Signal(), Signal())
    let handler = TestHandler(routes: [
      "/echo": { _ in .readBody(limit: 1000) { body in .response(Response(body: .bytes(body))) } },
      "/task": { _ in
        .readBody(limit: 1000) { body in
          .task { _ in
            begun.fire()
            await goesOn.wait()
            return end == "dropped" ? Response(status: 500) : .text("\(body.count)")
          }
        }
      },
      "/responder": { _ in
        .readBody(limit: 1000) { body in
          .callback { responder in
            Task {
              begun.fire()
              await goesOn.wait()
              if end != "dropped" { responder.send { .text("\(body.count)") } }
            }
          }
        }
      },
    ])
    var configuration = ServerConfiguration.patient
    configuration.totalBodyBytes = 1000
    if end == "late" { configuration.handlerTimeout = .milliseconds(50) }
    try await withServer(handler, configuration: configuration) { server, address in
      func echo(_ count: Int) async throws -> RawResponse {
        let client = try RawClient(address)
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(count)\r\n\r\n")
        try await client.send([UInt8](repeating: 66, count: count))
        return try await client.response()
      }
      let client = try RawClient(address)
      try await client.send("POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n")
      try await client.send([UInt8](repeating: 65, count: 900))
      await begun.wait()
      if end == "late" { #expect(try await client.response().status == 503) }
      if end == "gone" {
        client.reset()
        try await eventually { server.statistics.openConnections == 0 }
      }
      let refusal = try await echo(101)
      #expect(refusal.status == 503)
      #expect(refusal.headers["X-Error"] == "overloaded")
      #expect(refusal.text.contains("1000 bytes"))
      #expect(try await echo(100).status == 200)
      goesOn.fire()
      switch end {
      case "done": #expect(try await client.response().text == "900")
      case "dropped": #expect(try await client.response().status == 500)
      default: break
      }
      try await eventually { try await echo(1000).status == 200 }
    }
  }

  /// The client can read the response although it is still sending: RFC 9112 §9.6.
  @Test func letsTheClientReadWhyItIsRefused() async throws {
    var configuration = ServerConfiguration.patient
    configuration.lingerTimeout = .seconds(600)
    configuration.lingerIdleTimeout = .seconds(600)
    try await withServer(configuration: configuration) { _, address in
      let client = try RawClient(address)
      try await client.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n")
      try await client.send([UInt8](repeating: 65, count: 3_000_000))
      #expect(try await client.response().status == 413)
      #expect(try await client.remainder() == [])
    }
  }

  @Test func drainsASmallUnusedBody() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      // All at once, in pieces, and in chunks: the connection goes on.
      try await client.send(
        "POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().status == 404)
      #expect(try await client.response().text == "hello")
      try await client.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
      #expect(try await client.response().status == 404)
      try await client.send("defGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().text == "hello")
      try await client.send("POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
      #expect(try await client.response().text == "later")
      try await client.send("0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().text == "hello")
    }
  }

  @Test func closesWhereTooMuchWouldBeDrained() async throws {
    var configuration = ServerConfiguration.patient
    configuration.drainBytes = 100
    try await withServer(configuration: configuration) { _, address in
      let declared = try RawClient(address)
      try await declared.send("POST /none HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
      #expect(try await declared.response().headers["Connection"] == "close")
      let chunked = try RawClient(address)
      try await chunked.send("POST /none HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      #expect(try await chunked.response().status == 404)
      try await chunked.send(
        "65\r\n\(String(repeating: "a", count: 101))\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await chunked.remainder() == [])
    }
  }

  /// A body that is badly framed is refused even where nobody wants it; only once.
  @Test func refusesABadlyFramedUnusedBody() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nZ\r\n")
      #expect(try await client.response().status == 400)
      #expect(try await client.remainder() == [])
      let late = try RawClient(address)
      try await late.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      #expect(try await late.response().status == 200)
      try await late.send("Z\r\n")
      #expect(try await late.remainder() == [])
    }
  }
}
