import Evento
import EventoGateway
import EventoSQLite
import Logging
import TestSupport
import Testing

/// `openapi.yaml` and the gateway say the same.
@Suite struct DocumentTests {
  @Test func namesEveryRouteThatIsServedAndNoOther() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let gateway = Gateway(
      store, configuration: GatewayConfiguration(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let served = Set(gateway.operations.map { "\($0.method) \($0.path)" })
    let document = Set(try APIDocument().operations.map { "\($0.method) \($0.path)" })
    #expect(served == document)
    await store.close()
  }

  @Test func isServedAsItIs() async throws {
    try await withGateway { client in
      let answer = try await client.send("GET", "/openapi.yaml")
      #expect(answer.status == 200)
      #expect(answer["Content-Type"] == "application/yaml")
      #expect(answer.text == (try document(servedAt: "/")))
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
  func namesWhatAnyOperationMayAnswer(_ request: String, _ status: Int) async throws {
    let document = try APIDocument()
    try await withGateway { client in
      let connection = try RawConnection(port: client.port)
      try await connection.send(request)
      var answers = HTTPAnswerReader(connection)
      #expect(try await answers.next().status == status)
    }
    for operation in document.operations {
      let answer = try #require(document.answer(operation, status), "\(operation.id): \(status)")
      #expect(answer.mediaTypes == ["application/problem+json"])
    }
  }

  /// To which a client adds the paths, which begin with a slash.
  @Test func namesTheBasePathAsItsServer() async throws {
    try await withGateway({ $0.basePath = "/evento" }) { client in
      let answer = try await client.send("GET", "/evento/openapi.yaml")
      #expect(answer.text == (try document(servedAt: "/evento")))
    }
  }

  /// In an order in which each finds what it needs.
  private static let order = [
    "health", "readiness", "document", "writeEvents", "readEvents", "queryEvents", "getEvent", "followEvents",
    "followQuery", "upsertSubscriber",
    "getSubscriber", "isSubscriberRunning", "acknowledge", "enableSubscriber", "listSubscribers", "deleteSubscriber",
    "saveSnapshot", "getSnapshot", "deleteSnapshot", "metrics",
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
        let isStream = document.answer(operation, 200)?.mediaTypes.contains("text/event-stream") == true
        let answer =
          isStream
          ? try await client.beginning(operation.method, target, body) { $0.contains("AccountOpened") }
          : try await client.send(operation.method, target, body)
        #expect((200..<300).contains(answer.status), "\(id): \(answer.text)")
        let allowed = try #require(document.answer(operation, answer.status), "\(id): \(answer.status)")
        #expect(answer["Cache-Control"] == (id == "document" ? "no-cache" : "no-store"), "\(id)")
        guard !allowed.mediaTypes.isEmpty else {
          #expect(answer.body.isEmpty)
          continue
        }
        let mediaType = try #require(answer["Content-Type"]?.split(separator: ";").first.map(String.init))
        #expect(allowed.mediaTypes.contains(mediaType), "\(id): \(mediaType)")
        guard mediaType == "application/json" else { continue }
        #expect(answer.text.hasSuffix("}\n") && answer.text.count { $0 == "\n" } == 1, "\(id)")
        let example = try #require(allowed.examples[mediaType], "\(id) has no example of its answer")
        #expect(try answer.json.isShaped(as: example), "\(id): \(answer.text)")
      }
    }
  }
}
