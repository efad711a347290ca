import Evento
import EventoGateway
import TestSupport
import Testing

/// `openapi.yaml` and the gateway say the same.
@Suite struct DocumentTests {
  @Test func namesEveryRouteThatIsServedAndNoOther() async throws {
    let document = Set(try APIDocument().operations.map { "\($0.method) \($0.path)" })
    #expect(try await servedOperations() == document)
  }

  @Test func isServedAsItIs() async throws {
    try await withGateway { client in
      let response = try await client.send("GET", "/openapi.yaml")
      #expect(response.status == 200)
      #expect(response["Content-Type"] == "application/yaml")
      #expect(response.text == (try document(servedAt: "/")))
    }
  }

  private func document(servedAt path: String) throws -> String {
    let (text, example) = (try APIDocument().text, "\nservers:\n  - url: http://127.0.0.1:8080\n")
    try #require(text.ranges(of: example).count == 1)
    return text.replacing(example, with: "\nservers:\n  - url: \(path)\n")
  }

  /// One that is whole, so that nothing but its store is wrong with it.
  @Test func hasCursorsForExamples() async throws {
    let document = try APIDocument()
    let cursors = document.text.matches(of: /(?:[cC]ursor"?|id): ?"?(AQ[A-Za-z0-9_-]*)/).map { String($0.output.1) }
    #expect(cursors.count > 5)
    for cursor in cursors { #expect(throws: Never.self) { try Cursor(cursor) } }
    let operation = try #require(document.operations.first { $0.id == "saveSnapshot" })
    try await withGateway { client in
      let body = try document.exampleBody(operation)?.text
      try expectProblem(
        await client.send("PUT", try document.exampleTarget(operation), body), 409, "cursor_not_in_history")
    }
  }

  /// What becomes of a request before its operation is asked, or while it comes.
  @Test(arguments: [
    ("GET /events HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417), ("GET /events HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    ("GET /events HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
    ("GET /events HTTP/1.1\r\n\r\n", 400),
  ])
  func documentsTheErrorsOfEveryOperation(_ request: String, _ status: Int) async throws {
    let document = try APIDocument()
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send(request)
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next().status == status)
    }
    for operation in document.operations {
      let response = try #require(document.response(operation, status), "\(operation.id): \(status)")
      #expect(response.mediaTypes == ["application/problem+json"])
    }
  }

  /// To which a client adds the paths, which begin with a slash.
  @Test func namesTheBasePathAsItsServer() async throws {
    try await withGateway({ $0.basePath = "/evento" }) { client in
      let response = try await client.send("GET", "/evento/openapi.yaml")
      #expect(response.text == (try document(servedAt: "/evento")))
    }
  }

  /// In an order in which each finds what it needs.
  private static let order = [
    "health", "readiness", "document", "writeEvents", "readEvents", "queryEvents", "getEvent", "followEvents",
    "followQuery", "upsertSubscriber",
    "getSubscriber", "isSubscriberRunning", "acknowledge", "enableSubscriber", "listSubscribers", "deleteSubscriber",
    "saveSnapshot", "getSnapshot", "deleteSnapshot", "eraseAggregate", "metrics",
  ]

  @Test func hasAnExampleOfEachOperationThatIsTaken() async throws {
    let document = try APIDocument()
    let operations = document.operations
    #expect(Set(operations.map(\.id)) == Set(Self.order))
    try await withGateway { client in
      // The one thing that an example can't know is a cursor of this store.
      let written = try await client.send(
        "POST", "/events",
        writeJSON(
          eventJSON(["data": "{\"owner\":\"\",\"currency\":\"\"}", "metadata": "{\"requested_by\":\"\"}"])))
      let cursor = try #require(try written.json["events"]?[0]?["cursor"]?.string)
      for id in Self.order {
        let operation = try #require(operations.first { $0.id == id })
        let body = try document.exampleBody(operation)?.text
          .replacing("\"AQAAAAAAAAABGYBWqsFNXtKmIA\"", with: "\"\(cursor)\"")
        let target = try document.exampleTarget(operation)
        // What has no end is looked at until the first event has come.
        let isStream = document.response(operation, 200)?.mediaTypes.contains("text/event-stream") == true
        let response =
          isStream
          ? try await client.beginning(operation.method, target, body) { $0.contains("AccountOpened") }
          : try await client.send(operation.method, target, body)
        #expect((200..<300).contains(response.status), "\(id): \(response.text)")
        let allowed = try #require(document.response(operation, response.status), "\(id): \(response.status)")
        #expect(response["Cache-Control"] == (id == "document" ? "no-cache" : "no-store"), "\(id)")
        guard !allowed.mediaTypes.isEmpty else {
          #expect(response.body.isEmpty)
          continue
        }
        let mediaType = try #require(response["Content-Type"]?.split(separator: ";").first.map(String.init))
        #expect(allowed.mediaTypes.contains(mediaType), "\(id): \(mediaType)")
        guard mediaType == "application/json" else { continue }
        #expect(response.text.hasSuffix("}\n") && response.text.count { $0 == "\n" } == 1, "\(id)")
        let example = try #require(allowed.examples[mediaType], "\(id) has no example of its response")
        #expect(try response.json.isShaped(as: example), "\(id): \(response.text)")
      }
    }
  }
}
