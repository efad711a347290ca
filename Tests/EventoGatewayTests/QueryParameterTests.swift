import EventoGateway
import TestSupport
import Testing

/// docs/http-api.md §12.2: escapes, and the parameters of a query.
@Suite struct QueryParameterTests {
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

  @Test func takesZerosBeforeANumber() async throws {
    try await withGateway { client in
      try await client.writeEvents(3)
      #expect(try await client.send("GET", "/events?first=02").json["edges"]?.array?.count == 2)
    }
  }
}
