import Evento
import EventoGateway
import EventoWire
import TestSupport
import Testing

/// docs/http-api.md §12.
@Suite struct CommonRulesTests {
  @Test func respondsToOptionsWithTheAllowedMethods() async throws {
    try await withGateway { client in
      for (path, allow) in [
        ("/events", "GET, HEAD, POST, OPTIONS"), ("/events/query", "POST, OPTIONS"),
        ("/subscribers/k", "GET, HEAD, PUT, PATCH, DELETE, OPTIONS"),
        ("/snapshots/t/1/i", "GET, HEAD, PUT, DELETE, OPTIONS"),
      ] {
        let response = try await client.send("OPTIONS", path)
        #expect(response.status == 204)
        #expect(response["Allow"] == allow)
        #expect(response["Content-Length"] == nil)
      }
      let all = try await client.send("OPTIONS", "*")
      #expect(all.status == 204)
      #expect(all["X-Request-Id"] != nil && all["Date"] != nil)
      try expectProblem(await client.send("OPTIONS", "/nowhere"), 404, "not_found")
    }
  }

  @Test(arguments: ["PUT", "PATCH", "DELETE", "TRACE", "QUERY"])
  func refusesMethodsWithoutMeaning(_ method: String) async throws {
    try await withGateway { client in
      let response = try await client.send(method, "/events")
      try expectProblem(response, 405, "method_not_allowed")
      #expect(response["Allow"] == "GET, HEAD, POST, OPTIONS")
    }
  }

  /// RFC 9110 §9.3.6: its target is no resource of the gateway's.
  @Test func doesNotConnect() async throws {
    try await withGateway { client in
      let response = try await client.send("CONNECT", "localhost:80")
      try expectProblem(response, 405, "method_not_allowed")
      #expect(response["Allow"] == "GET, HEAD, DELETE, PATCH, POST, PUT, OPTIONS")
    }
  }

  @Test(arguments: ["BREW", "get", "PROPFIND", "GETT"])
  func doesNotKnowOtherMethods(_ method: String) async throws {
    try await withGateway { client in
      let response = try await client.send(method, "/events")
      try expectProblem(response, 501, "not_implemented")
      #expect(response.text.contains("write GET") == (method == "get"))
    }
  }

  @Test(arguments: [
    "/", "/event", "/events/", "/events/query/x", "/Events", "/subscribers/", "/subscribers/k/", "/subscribers/k/x",
    "/snapshots", "/snapshots/t", "/snapshots/t/1", "/snapshots/t/1/", "/snapshots//1/i", "/healthz/",
  ])
  func knowsNoOtherPath(_ path: String) async throws {
    try await withGateway { client in
      try expectProblem(await client.send("GET", path), 404, "not_found")
    }
  }

  @Test(arguments: ["GET", "HEAD"])
  func respondsToHeadAsToGet(_ method: String) async throws {
    try await withGateway { client in
      try await client.writeEvents(1)
      let got = try await client.send("GET", "/events")
      let headed = try await client.send("HEAD", "/events")
      #expect(headed.status == 200 && headed.body.isEmpty)
      #expect(headed["Content-Length"] == "\(got.body.count)")
      #expect(headed["Content-Type"] == "application/json")
      let missing = try await client.send("HEAD", "/subscribers/k")
      #expect(missing.status == 404 && missing.body.isEmpty)
    }
  }

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

  /// A request that is sound but for an escape is refused like any other, and the connection goes on.
  @Test(arguments: [
    ("/events?name=%F", "hexadecimal"), ("/events?aggregator_type=t&name=%FF", "UTF-8"), ("/events?%FF=a", "UTF-8"),
    ("/events/%FF", "UTF-8"), ("/events/%F", "hexadecimal"), ("/subscribers/%", "hexadecimal"),
    ("/snapshots/a/%C3/1/i", "UTF-8"), ("/events?first=0&&last=0", "&"), ("/events?=0", "without a name"),
  ])
  func refusesBadEscapesAndGoesOn(_ target: String, _ word: String) async throws {
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      var responses = HTTPResponseReader(connection)
      try await connection.send("GET \(target) HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n")
      let response = try await responses.next()
      try expectProblem(response, 400, "invalid_request", member: target.contains("name=%") ? "name" : nil)
      #expect(try response.json["detail"]?.string?.contains(word) == true, "\(response.text)")
      #expect(word == "hexadecimal" || !response.text.contains("hexadecimal"))
      #expect(response["X-Request-Id"] == "mine")
      try await connection.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(try await responses.next().status == 200)
    }
  }

  /// No resource takes as many: nothing is decoded that would be refused.
  @Test(arguments: ["/events", "/events/stream", "/healthz", "/readyz", "/subscribers/k", "/openapi.yaml"])
  func boundsTheParametersOfAQuery(_ path: String) async throws {
    try await withGateway { client in
      func query(_ count: Int) -> String { (0..<count).map { "p\($0)=%" }.joined(separator: "&") }
      let many = try await client.send("GET", "\(path)?\(query(65))")
      try expectProblem(many, 400, "invalid_request")
      #expect(many.text.contains("more than 64 parameters"))
      try expectProblem(await client.send("GET", "\(path)?\(query(64))"), 400, "invalid_request", member: "p0")
      let most = try await client.send("GET", path + "?" + Array(repeating: "a", count: 8000).joined(separator: "&"))
      #expect(most.text.contains("more than 64 parameters"))
    }
  }

  /// A path may have as many segments as bytes.
  @Test func findsWhatALongPathNames() async throws {
    try await withGateway { client in
      let slashes = String(repeating: "/", count: 16_000)
      for method in ["GET", "PUT", "OPTIONS", "HEAD"] {
        #expect(try await client.send(method, slashes).status == 404)
        #expect(try await client.send(method, "/events" + slashes).status == 404)
        #expect(try await client.send(method, "/snapshots" + slashes).status == 404, "no id")
      }
      let refused = try await client.send("POST", "/snapshots" + slashes + "t/1/i")
      try expectProblem(refused, 405, "method_not_allowed")
      #expect(refused["Allow"] == "GET, HEAD, PUT, DELETE, OPTIONS")
      let long = try await client.send("GET", "/snapshots" + String(repeating: "/x", count: 7000))
      try expectProblem(long, 400, "invalid_request")
      #expect(long.text.contains("The type in the path must be 1 to 255 bytes of UTF-8, but has 13995"))
      let key = try await client.send("GET", "/subscribers/" + String(repeating: "%41", count: 5000))
      #expect(key.text.contains("must be 1 to 255 bytes of UTF-8, but has 5000"))
      // The longest that a name can be.
      let escaped = String(repeating: "%C3%A9", count: 127) + "a"
      let path = "/snapshots/\(escaped)/\(escaped)/\(escaped)"
      let cursor = try await client.writeEvents(1)[0]
      #expect(try await client.send("PUT", path, "{\"cursor\":\"\(cursor)\",\"data\":1}").status == 204)
      #expect(try await client.send("GET", path.replacing("%C3%A9", with: "%c3%a9")).status == 200)
      #expect(try await client.send("GET", "/%65vents").status == 200)
      #expect(try await client.send("GET", "/%65%76%65%6E%74%73?first=1").status == 200)
    }
  }

  /// An error quotes the beginning of what a client made up.
  @Test func quotesNoMoreThanIsOfUse() async throws {
    try await withGateway({ $0.hosts = .loopback }) { client in
      let long = String(repeating: "a", count: 10_000)
      for response in [
        try await client.send("GET", "/events?\(long)=1"), try await client.send("GET", "/events?\(long)=%"),
        try await client.send("GET", "/events?after=\(long)"),
        try await client.send("GET", "/events", fields: [("Origin", "http://\(long)")]),
        try await client.send("GET", "/events", fields: [("Origin", long), ("Origin", long)]),
        try await client.send("GET", "http://\(long)/events"),
        try await client.send("POST", "/events", "{}", fields: [("Content-Type", long)]),
        try await client.send("POST", "/events", "{}", fields: [("Content-Encoding", long)]),
      ] {
        #expect([400, 403, 415, 421].contains(response.status))
        #expect(response.body.count < 1500, "\(response.text)")
      }
    }
  }

  @Test func looksAtEscapesAfterPathAndRole() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({ $0.tokens = tokens.set }) { client in
      let authorization = [(name: "Authorization", value: "Bearer \(tokens.read)")]
      for escape in ["%FF", "%F"] {
        try expectProblem(await client.send("GET", "/nothing/\(escape)"), 404, "not_found")
        try expectProblem(await client.send("PUT", "/events/\(escape)"), 405, "method_not_allowed")
        try expectProblem(await client.send("GET", "/events/\(escape)"), 401, "unauthorized")
        let response = try await client.send("GET", "/events/\(escape)", fields: authorization)
        try expectProblem(response, 400, "invalid_request")
      }
    }
  }

  @Test(arguments: [
    ("application/x-www-form-urlencoded", "curl --json"), ("text/plain", "application/json"),
    ("application/json; charset=utf-16", "the charset must be UTF-8"), ("application/problem+json", "application/json"),
    ("json", "application/json"), ("application/json; charset=\"latin1\"", "the charset must be UTF-8"),
    ("application/json" + String(repeating: ";a=b", count: 17), "more than 16 parameters"),
    ("application/json" + String(repeating: " ;", count: 15_000), "more than 16 parameters"),
  ])
  func takesJSONAlone(_ type: String, _ hint: String) async throws {
    try await withGateway { client in
      let response = try await client.send("POST", "/events", writeJSON(eventJSON()), fields: [("Content-Type", type)])
      try expectProblem(response, 415, "unsupported_media_type")
      #expect(response.text.contains(hint))
      #expect(try await client.send("GET", "/events").json["edges"] == .array([]))
    }
  }

  @Test func saysWhatIsWrongWithTheFieldItself() async throws {
    try await withGateway { client in
      let json = (name: "Content-Type", value: "application/json")
      let twice = try await client.send("POST", "/events", "{}", fields: [json, json])
      try expectProblem(twice, 415, "unsupported_media_type")
      #expect(twice.text.contains("2 times"))
      let empty = try await client.send("POST", "/events", "{}", fields: [("Content-Type", "")])
      try expectProblem(empty, 415, "unsupported_media_type")
      #expect(empty.text.contains("is empty"))
    }
  }

  /// A request may have several, and an error says which one it is about.
  @Test func namesTheCursor() async throws {
    try await withGateway { other in
      let foreign = try await other.writeEvents(1)[0]
      try await withGateway { client in
        _ = try await client.send("PUT", "/subscribers/k", "{\"worker_id\":\"01ARZ3NDEKTSV4RRFFQ69G5FAV\"}")
        func send(_ request: (String, String, String?, String), _ cursor: String) async throws -> HTTPResponse {
          let (method, target, body, header) = request
          return try await client.send(
            method, target.replacing("CURSOR", with: cursor), body?.replacing("CURSOR", with: cursor),
            fields: header.isEmpty ? [] : [(header, cursor)])
        }
        let write =
          "{\"events\":[\(eventJSON())],"
          + "\"condition\":{\"fail_if_events_match\":[{\"aggregator_type\":\"t\"}],\"after\":\"CURSOR\"}}"
        for (request, name, takesNow): ((String, String, String?, String), String, Bool) in [
          (("GET", "/events?after=CURSOR", nil, ""), "Query parameter \"after\" ", true),
          (("GET", "/events?after=CURSOR&wait=1", nil, ""), "Query parameter \"after\" ", true),
          (("GET", "/events?before=CURSOR", nil, ""), "Query parameter \"before\" ", false),
          (("POST", "/events/query", "{\"after\":\"CURSOR\"}", ""), "/after ", true),
          (("POST", "/events/query", "{\"before\":\"CURSOR\"}", ""), "/before ", false),
          (("GET", "/events/stream?after=CURSOR", nil, ""), "Query parameter \"after\" ", true),
          (("POST", "/events/stream", "{\"after\":\"CURSOR\"}", ""), "/after ", true),
          (("GET", "/events/stream", nil, "Last-Event-ID"), "The Last-Event-ID header ", false),
          (("POST", "/events/stream", "{}", "Last-Event-ID"), "The Last-Event-ID header ", false),
          (("POST", "/events", write, ""), "/condition/after ", false),
          (("PUT", "/subscribers/k/cursor", "{\"cursor\":\"CURSOR\"}", ""), "/cursor ", false),
          (("PUT", "/snapshots/t/1/i", "{\"cursor\":\"CURSOR\",\"data\":1}", ""), "/cursor ", false),
        ] {
          let damaged = try await send(request, "nonsense")
          try expectProblem(damaged, 400, "invalid_cursor")
          #expect(try damaged.json["detail"]?.string?.hasPrefix(name) == true, "\(damaged.text)")
          let unknown = try await send(request, foreign)
          try expectProblem(unknown, 409, "cursor_not_in_history")
          #expect(try unknown.json["detail"]?.string?.hasPrefix(name) == true, "\(unknown.text)")
          guard !takesNow else { continue }
          let now = try await send(request, "now")
          try expectProblem(now, 400, "invalid_cursor")
          #expect(try now.json["detail"]?.string?.hasPrefix("\(name)can't be \"now\"") == true, "\(now.text)")
        }
      }
    }
  }

  /// Each is a sentence that begins with the name of the member.
  @Test func reportsErrorsInSentences() async throws {
    let deep = String(repeating: "[", count: 129)
    try await withGateway { client in
      for (body, detail) in [
        (
          writeJSON(eventJSON(["version": "1"]), eventJSON()),
          "/events/1/version must be given for all events of an aggregate, or for none."
        ),
        (
          writeJSON(eventJSON(["metadata": "{\"a\":{\"k\":1,\"\\u006b\":2}}"])),
          "/events/0/metadata has the member \"k\" twice in one object, at byte 88."
        ),
        ("{\"x\":\(deep)", "/x is nested more than 128 levels deep, at byte 133."),
        (deep, "The body is nested more than 128 levels deep, at byte 128."),
        (
          writeJSON(eventJSON(["version": "0", "id": "\"1\""])),
          "/events/0/id \(ULID.rule). See errors for 1 more."
        ),
      ] {
        let response = try await client.send("POST", "/events", body)
        try expectProblem(response, 400, "invalid_request")
        #expect(try response.json["detail"]?.string == detail)
      }
      // So many are noted, and there may be more.
      let many = try await client.send("GET", "/events?" + (0..<30).map { "x\($0)=1" }.joined(separator: "&"))
      #expect(many.text.contains("See errors for at least 19 more."))
      let empty = try await client.send("GET", "/events?aggregator_type=&aggregator_id=x&name=y")
      try expectProblem(empty, 400, "invalid_request", member: "aggregator_type")
      #expect(try empty.json["errors"]?.array?.count == 1)
      for (method, target, hint) in [
        ("DELETE", "/subscribers/none", "Check the key"), ("GET", "/events/01ARZ3NDEKTSV4RRFFQ69G5FAV", "Check the id"),
        ("GET", "/snapshots/t/1/i", "Check the key"),
      ] {
        let response = try await client.send(method, target)
        #expect(response.status == 404 && response.text.contains(hint), "\(response.text)")
      }
    }
  }

  @Test func takesZerosBeforeANumber() async throws {
    try await withGateway { client in
      try await client.writeEvents(3)
      #expect(try await client.send("GET", "/events?first=02").json["edges"]?.array?.count == 2)
    }
  }

  @Test func takesJSONHoweverItIsNamed() async throws {
    try await withGateway { client in
      for type in [
        "application/json", "Application/JSON", "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\"", "application/json" + String(repeating: "; a=b", count: 16),
      ] {
        let response = try await client.send(
          "POST", "/events", writeJSON(eventJSON()), fields: [("Content-Type", type)])
        #expect(response.status == 201)
      }
      let body = Array(writeJSON(eventJSON()).utf8)
      let connection = try RawConnection(port: client.port)
      try await connection.send("POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
      try await connection.send(body)
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next().status == 201, "a body without a type is JSON")
    }
  }

  @Test func takesNoContentEncoding() async throws {
    try await withGateway { client in
      let response = try await client.send(
        "POST", "/events", writeJSON(eventJSON()), fields: [("Content-Encoding", "gzip")])
      try expectProblem(response, 415, "unsupported_media_type")
    }
  }

  @Test func takesChunkedBodies() async throws {
    try await withGateway { client in
      let body = Array(writeJSON(eventJSON()).utf8)
      let connection = try RawConnection(port: client.port)
      try await connection.send("POST /events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
      for byte in body { try await connection.send([UInt8]("1\r\n".utf8) + [byte] + [UInt8]("\r\n".utf8)) }
      try await connection.send("0\r\n\r\n")
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next().status == 201)
    }
  }

  @Test(arguments: [
    ("/events?firts=1", "firts"), ("/events?first=1&first=1", "first"), ("/events?first=", "first"),
    ("/events?after=", "after"),
    ("/events?first=+1", "first"), ("/events?first=1.0", "first"), ("/events?first=1e1", "first"),
    ("/events?first=-1", "first"),
    ("/events?first=65536", "first"), ("/events?first=99999999999999999999", "first"),
    ("/events?last=1&first=1", "last"),
    ("/events?before=now&last=1", "before"), ("/events?encoding=hex", "encoding"),
    ("/events?aggregator_id=a", "aggregator_id"),
    ("/events?name=a", "name"), ("/events?aggregator_type=%00", "aggregator_type"), ("/healthz?x=1", "x"),
    ("/subscribers?x=1", "x"),
    ("/events/01ARZ3NDEKTSV4RRFFQ69G5FAV?first=1", "first"), ("/metrics?name=a", "name"), ("/readyz?a", "a"),
  ])
  func refusesParametersThatItDoesNotTake(_ target: String, _ parameter: String) async throws {
    try await withGateway { client in
      let response = try await client.send("GET", target)
      try expectProblem(response, 400, response.text.contains("invalid_cursor") ? "invalid_cursor" : "invalid_request")
      if response.text.contains("invalid_request") {
        #expect(try response.json["errors"]?.array?.contains { $0["parameter"]?.string == parameter } == true)
      }
    }
  }

  @Test func decodesOnceAndAfterSplitting() async throws {
    try await withGateway { client in
      let body = writeJSON(eventJSON(["aggregator_id": "\"a b&c=%2F+é\""]))
      #expect(try await client.send("POST", "/events", body).status == 201)
      let found = try await client.send(
        "GET", "/events?aggregator_type=bank%2FAccount&aggregator_id=a+b%26c%3D%252F%2B%C3%A9")
      #expect(try found.json["edges"]?.array?.count == 1)
      try expectProblem(await client.send("GET", "/events?name=%FF&aggregator_type=t"), 400, "invalid_request")
    }
  }

  @Test func standsBelowABasePath() async throws {
    try await withGateway({ $0.basePath = "/evento/v1" }) { client in
      for path in ["/healthz", "/openapi.yaml", "/evento/v1/nothing"] {
        let response = try await client.send("GET", path)
        try expectProblem(response, 404, "not_found")
        #expect(response.text.contains("GET /evento/v1/openapi.yaml"))
      }
      #expect(try await client.send("GET", "/evento/v1/openapi.yaml").status == 200)
      #expect(try await client.send("GET", "/evento/v1/healthz").status == 200)
      let response = try await client.send("POST", "/evento/v1/events", writeJSON(eventJSON()))
      let location = try #require(response["Location"])
      #expect(location.hasPrefix("/evento/v1/events/"))
      #expect(try await client.send("GET", location).status == 200)
    }
  }

  @Test func quotesTheSizesThatItKeeps() async throws {
    try await withGateway({
      $0.bodyBytes = 2000
      $0.payloadBytes = 100
      $0.metadataBytes = 50
      $0.eventsPerWrite = 3
    }) { client in
      func write(_ members: [String: String]) async throws -> HTTPResponse {
        try await client.send("POST", "/events", writeJSON(eventJSON(members)))
      }
      let text = { (count: Int) in "\"" + String(repeating: "x", count: count - 2) + "\"" }
      #expect(try await write(["data": text(100)]).status == 201)
      let payload = try await write(["data": text(101)])
      try expectProblem(payload, 413, "content_too_large")
      #expect(payload.text.contains("100"))
      let metadata = try await write(["metadata": "{\"k\":\(text(45))}"])
      try expectProblem(metadata, 413, "content_too_large")
      #expect(metadata.text.contains("50"))
      let body = try await client.send("POST", "/events", String(repeating: " ", count: 2001))
      try expectProblem(body, 413, "content_too_large")
      #expect(body.text.contains("2000"))
      let events = try await client.send(
        "POST", "/events", writeJSON(eventJSON(), eventJSON(), eventJSON(), eventJSON()))
      try expectProblem(events, 400, "invalid_request", member: "/events")
      #expect(events.text.contains("3"))
    }
  }

  @Test func refusesALargeBodyBeforeItIsSent() async throws {
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send(
        "POST /events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: \(16 << 20 + 1)\r\n\r\n")
      var responses = HTTPResponseReader(connection)
      let response = try await responses.nextOfAny()
      try expectProblem(response, 413, "content_too_large")
      #expect(response.text.contains("16777216"))
    }
  }

  /// One that no number holds is refused where any other would be, by the same limit.
  @Test func refusesABodyOfAnyLengthInOrder() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({
      $0.tokens = tokens.set
      $0.bodyBytes = 2000
    }) { client in
      func send(_ head: String, _ token: String?, _ type: String = "application/json") async throws -> HTTPResponse {
        let connection = try RawConnection(port: client.port)
        let authorization = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        try await connection.send(
          "\(head) HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\nContent-Type: \(type)\r\n"
            + "\(authorization)\r\n")
        var responses = HTTPResponseReader(connection)
        return try await responses.next()
      }
      try expectProblem(await send("POST /nothing", nil), 404, "not_found")
      try expectProblem(await send("POST /events", nil), 401, "unauthorized")
      try expectProblem(await send("POST /events", tokens.write, "text/plain"), 415, "unsupported_media_type")
      let response = try await send("POST /events", tokens.write)
      try expectProblem(response, 413, "content_too_large")
      #expect(response.text.contains("2000"))
    }
  }

  /// Path and method, who may, media type and size, then the body.
  @Test func checksInOrder() async throws {
    let tokens = try TokenFixture.all()
    try await withGateway({ $0.tokens = tokens.set }) { client in
      let form = (name: "Content-Type", value: "text/plain")
      func send(_ method: String, _ path: String, _ token: String?, _ body: String? = "{") async throws -> HTTPResponse
      {
        let authorization = token.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? []
        return try await client.send(method, path, body, fields: authorization + [form])
      }
      try expectProblem(await send("POST", "/nowhere", nil), 404, "not_found")
      try expectProblem(await send("PUT", "/events", nil), 405, "method_not_allowed")
      try expectProblem(await send("POST", "/events", nil), 401, "unauthorized")
      try expectProblem(await send("POST", "/events", tokens.read), 403, "forbidden")
      try expectProblem(await send("POST", "/events", tokens.write), 415, "unsupported_media_type")
      #expect(try await send("OPTIONS", "/events", nil, nil).status == 204)
    }
  }
}
