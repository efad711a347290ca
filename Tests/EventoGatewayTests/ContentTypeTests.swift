import EventoGateway
import TestSupport
import Testing

/// docs/http-api.md §12.1: a body is JSON, however it is named and sent.
@Suite struct ContentTypeTests {
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
}
