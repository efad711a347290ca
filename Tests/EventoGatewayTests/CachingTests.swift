import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

/// The caching fields of responses. The tests of the routes check the rest of each response, errors included:
/// `expectProblem` and `DocumentTests`.
@Suite struct CachingTests {
  /// What comes before a route is found, or without one.
  @Test(arguments: [
    ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404), ("BREW /events HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ("DELETE /events HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204),
    ("OPTIONS /events HTTP/1.1\r\nHost: a\r\n\r\n", 204), ("no request\r\n\r\n", 400),
    ("GET /events HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ("GET /\(String(repeating: "x", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    ("GET /events HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n", 431),
    ("POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", 413),
    ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 200), ("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", 200),
    ("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 200), ("GET /events?wait=1 HTTP/1.1\r\nHost: a\r\n\r\n", 200),
  ])
  func nothingIsKept(_ request: String, _ status: Int) async throws {
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send(request)
      var responses = HTTPResponseReader(connection)
      let response = try await responses.next(hasBody: !request.hasPrefix("HEAD"))
      #expect(response.status == status)
      #expect(response["Cache-Control"] == "no-store")
    }
  }

  @Test func aStreamIsNotKept() async throws {
    try await withGateway { client in
      try await client.writeEvents(1)
      let stream = try await client.beginning("GET", "/events/stream") { $0.contains("node") }
      #expect(stream.status == 200 && stream["Cache-Control"] == "no-store")
    }
  }

  @Test func theDocumentIsRevalidated() async throws {
    try await withGateway { client in
      let whole = try await client.send("GET", "/openapi.yaml")
      let tag = try #require(whole["ETag"])
      #expect(whole["Cache-Control"] == "no-cache")
      #expect(tag.wholeMatch(of: /"[0-9a-f]{32}"/) != nil)
      let many = String(repeating: "a,", count: 12_000)
      for known in [
        tag, "W/\(tag)", "*", "\"other\", \(tag)", "\"other\" ,\t W/\(tag) ", many + tag, "\(many) * ", ",,\(tag),",
      ] {
        for method in ["GET", "HEAD"] {
          let response = try await client.send(method, "/openapi.yaml", fields: [("If-None-Match", known)])
          #expect(response.status == 304 && response.body.isEmpty, "\(known)")
          #expect(response["ETag"] == tag && response["Cache-Control"] == "no-cache" && response["X-Request-Id"] != nil)
        }
      }
      for other in [
        "\"other\"", "", "\(tag)x", String(tag.dropLast()), many, "w/\(tag)", "W/W/\(tag)", "W/ \(tag)", "W/", "**",
        "\(tag) \(tag)", ",", String(repeating: " ,", count: 12_000),
      ] {
        let response = try await client.send("GET", "/openapi.yaml", fields: [("If-None-Match", other)])
        #expect(response.status == 200 && response.body == whole.body, "\(other)")
      }
      try await withGateway({ $0.basePath = "/evento" }) { other in
        let response = try await other.send("GET", "/evento/openapi.yaml")
        #expect(response["ETag"] != nil && response["ETag"] != tag, "it has another server")
      }
    }
  }

  /// A length that counts the newline, which `HEAD` gives too.
  @Test func everyJSONTextEndsItsLine() async throws {
    try await withGateway { client in
      try await client.writeEvents(2)
      let worker = ULID()
      #expect(try await client.send("PUT", "/subscribers/s", "{\"worker_id\":\"\(worker)\"}").text.hasSuffix("}\n"))
      for target in [
        "/events", "/events?last=2", "/events?first=0", "/events?after=now&wait=1", "/subscribers", "/subscribers/s",
        "/subscribers/s/workers/\(worker)", "/healthz", "/readyz", "/nowhere", "/events?x=1",
      ] {
        let response = try await client.send("GET", target)
        #expect(response.text.hasSuffix("}\n") && !response.text.hasSuffix("\n\n"), "\(target)")
        #expect(response["Content-Length"] == "\(response.body.count)")
        #expect(try await client.send("HEAD", target)["Content-Length"] == "\(response.body.count)")
      }
    }
  }
}
