import EventoGateway
import TestSupport
import Testing

/// docs/http-api.md §12.4: each response has the request's id, or one of its own.
@Suite struct RequestIDTests {
  @Test func keepsASaneRequestID() async throws {
    try await withGateway { client in
      for (given, isKept) in [
        ("a.b_c-9", true), (String(repeating: "x", count: 128), true), (String(repeating: "x", count: 129), false),
        ("a b", false), ("é", false), ("a,b", false),
      ] {
        let response = try await client.send("GET", "/healthz", fields: [("X-Request-Id", given)])
        let id = try #require(response["X-Request-Id"])
        #expect((id == given) == isKept)
        if !isKept { #expect(id.utf8.count == 26) }
      }
      let twice = try await client.send("GET", "/healthz", fields: [("X-Request-Id", "a"), ("X-Request-Id", "b")])
      #expect(twice["X-Request-Id"]?.utf8.count == 26)
    }
  }

  /// Whatever is wrong with it, as long as its head could be read so far.
  @Test(arguments: [
    "GET /events?name=< HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\n\r\n",
    "GET /events HTTP/1.1\r\nX-Request-Id: mine\r\nOrigin: https://a\r\n\r\n",
    "GET /events HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\nX Y: z\r\n\r\n",
    "POST /events HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\nContent-Length: +5\r\n\r\n",
    "POST /events HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\nContent-Length: 5, 5\r\n\r\n",
    "POST /events HTTP/1.1\r\nX-Request-Id: mine\r\nHost: x\r\nOrigin: https://a\r\nContent-Length: 5\r\n"
      + "Transfer-Encoding: chunked\r\n\r\n",
    "POST /events HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\n"
      + "Content-Length: 99999999999999999999\r\n\r\n",
    "POST /events HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\nOrigin: https://a\r\n"
      + "Transfer-Encoding: gzip, chunked\r\n\r\n",
  ])
  func keepsTheRequestIDOfAMalformedRequest(_ request: String) async throws {
    try await withGateway({ $0.allowedOrigins = [WebOrigin("https://a")].compactMap { $0 } }) { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send(request)
      var responses = HTTPResponseReader(connection)
      let response = try await responses.next()
      #expect(response.status >= 400)
      #expect(response["X-Request-Id"] == "mine")
      #expect(response["Access-Control-Allow-Origin"] == "https://a")
      #expect(try await connection.receive().isEmpty, "the connection ends")
    }
  }
}
