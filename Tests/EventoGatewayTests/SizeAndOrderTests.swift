import EventoGateway
import TestSupport
import Testing

/// docs/http-api.md §11.1 and §12.5: limits of sizes, and the order of all checks.
@Suite struct SizeAndOrderTests {
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
