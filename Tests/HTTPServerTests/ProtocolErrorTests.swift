import Testing

@testable import HTTPServer

/// The responses to invalid requests, over real sockets.
@Suite struct ProtocolErrorTests {
  @Test(arguments: [
    ("GET /\r\n\r\n", 400, "-"), ("GET / HTTP/1.1\r\n\r\n", 400, "-"),
    ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400, "-"),
    ("BREW /x HTTP/1.1\r\nHost: a\r\n\r\n", 501, "/x"), ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417, "/"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "-"), ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", 400, "-"),
    ("GET /\(String(repeating: "a", count: 20000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414, "-"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40000))\r\n\r\n", 431, "-"),
    ("GET / HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: y\r\n", count: 100))\r\n", 431, "-"),
  ])
  func respondsAndCloses(_ request: String, _ status: Int, _ path: String) async throws {
    try await withServer { server, address in
      let client = try RawClient(address)
      try await client.send(request + "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let response = try await client.response()
      #expect(response.status == status)
      #expect(response.headers["X-Path"] == path)
      #expect(response.headers["Connection"] == "close")
      #expect(response.headers["Date"] != nil)
      // What came behind it is no request.
      #expect(try await client.remainder() == [])
      #expect(server.statistics.protocolErrors == 1)
    }
  }

  @Test(arguments: ["HEAD / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "HEAD /< HTTP/1.1\r\nHost: a\r\n\r\n"])
  func hasNoBodyForHead(_ request: String) async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send(request)
      let response = try await client.response(to: "HEAD")
      #expect(response.status == 400)
      #expect(try await client.remainder() == [])
    }
  }

  /// The part of the head that has arrived tells the handler how to respond.
  @Test(arguments: [
    ("GET /< HTTP/1.1\r\nHost: a\r\nX-Name: n\r\n\r\n", 400, "n"),
    ("G(T / HTTP/1.1\r\nX-Name: n\r\nHost: a\r\n\r\n", 400, "n"),
    ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\nX-Name: n\r\n\r\n", 405, "n"),
    // The first error is reported.
    ("CONNECT a:1 HTTP/1.1\r\nX-Name: n\r\nHost: a b\r\n\r\n", 405, "n"),
    ("GET / HTTP/1.1\r\nX-Name: n\r\n\r\n", 400, "n"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nContent-Length: 5, 5\r\n\r\n", 400, "n"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nX Y: z\r\n\r\n", 400, "n"),
    ("GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\nX-Name: n\r\n\r\n", 400, "-"),
    ("POST / HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "n"),
    ("POST /small HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nContent-Length: 99999999999999999999\r\n\r\n", 413, "n"),
    ("POST /echo HTTP/1.1\r\nHost: a\r\nX-Name: n\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, "n"),
  ])
  func keepsTheFieldsBeforeTheError(_ request: String, _ status: Int, _ name: String) async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      // Those of an earlier request are not this one's.
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Name: earlier\r\n\r\n")
      #expect(try await client.response().status == 200)
      try await client.send(request)
      let response = try await client.response()
      #expect(response.status == status)
      #expect(response.headers["X-Name"] == name)
      #expect(try await client.remainder() == [])
    }
  }

  /// Behind these there may be no fields to wait for.
  @Test(arguments: ["GET\r\n", "GET /\r\n", "GET / HTTP/3.0\r\n", "GET / FTP\r\n"])
  func doesNotWaitForFieldsOfWhatIsNoRequest(_ line: String) async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send(line)
      #expect(try await client.response().status >= 400)
      #expect(try await client.remainder() == [])
    }
  }

  /// Requests that are pipelined before the error get their responses first.
  @Test func respondsToRequestsBeforeTheError() async throws {
    try await withServer { _, address in
      let client = try RawClient(address)
      try await client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET\r\n")
      #expect(try await client.response().text == "later")
      #expect(try await client.response().text == "hello")
      #expect(try await client.response().status == 400)
      #expect(try await client.remainder() == [])
    }
  }

  /// Nothing that a handler puts into a head may begin another line of it.
  @Test(arguments: [
    Response(headers: ["X": "a\r\nY: b"]), Response(headers: ["X": "a\nb"]), Response(headers: ["X": "a\u{0}"]),
    Response(headers: ["X": "a\rb"]), Response(headers: ["X\r\n": "a"]), Response(headers: ["X Y": "a"]),
    Response(headers: ["": "a"]), Response(headers: ["X:": "a"]), Response(status: 100), Response(status: 600),
    Response(status: 99), Response(status: -1), Response(headers: ["X": "\u{7F}"]), Response(status: 199),
    Response(headers: ["X": "\r\n\r\nHTTP/1.1 200 OK"], body: .stream { try await $0.write([65]) }),
  ])
  func refusesResponsesThatCannotBeSent(_ response: Response) async throws {
    let handler = TestHandler(routes: [
      "/now": { _ in .respond(.response(response)) }, "/later": { _ in .respond(.task { _ in response }) },
    ])
    try await withServer(handler) { _, address in
      for path in ["/now", "/later"] {
        let client = try RawClient(address)
        try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
        let response = try await client.response()
        #expect(response.status == 500)
        #expect(response.headers["X-Error"] == "invalidResponse")
        #expect(response.headers["X"] == nil)
        #expect(try await client.remainder() == [])
      }
    }
  }

  /// If the response to an error can't be sent, only its status is.
  @Test func fallsBackIfTheResponseToAnErrorCannotBeSent() async throws {
    struct Broken: RequestHandler {
      func receive(_ head: RequestHead) -> Reception { .respond(.response(Response(status: 1))) }
      func response(to request: RejectedRequest) -> Response { Response(headers: ["X": "\n"]) }
    }
    try await withServer(Broken()) { _, address in
      let client = try RawClient(address)
      try await client.send("GET\r\n\r\n")
      #expect(try await client.response().status == 400)
      let other = try RawClient(address)
      try await other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await other.response().status == 500)
    }
  }

  /// The server says where the body ends, and nobody else.
  @Test func leavesOutFramingOfTheHandler() async throws {
    let handler = TestHandler(routes: [
      "/": { _ in
        .respond(
          .response(
            Response(
              headers: [
                "Content-Length": "99", "transfer-encoding": "chunked", "Connection": "upgrade", "Keep-Alive": "x",
                "Date": "Thu, 01 Jan 1970 00:00:00 GMT",
              ], body: .bytes([65]))))
      },
      "/close": { _ in .respond(.response(Response(headers: ["connection": "Close"]))) },
    ])
    try await withServer(handler) { _, address in
      let client = try RawClient(address)
      try await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let response = try await client.response()
      #expect(response.headers.values(of: "Content-Length") == ["1"])
      #expect(response.headers["Transfer-Encoding"] == nil)
      #expect(response.headers.values(of: "Connection") == ["keep-alive"])
      #expect(response.headers.values(of: "Keep-Alive") == ["timeout=540"])
      #expect(response.headers.values(of: "Date") == ["Thu, 01 Jan 1970 00:00:00 GMT"])
      try await client.send("GET /close HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try await client.response().headers.values(of: "Connection") == ["close"])
      #expect(try await client.remainder() == [])
    }
  }
}
