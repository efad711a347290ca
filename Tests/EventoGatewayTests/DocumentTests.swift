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
      #expect(try answer.text == APIDocument().text)
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
          .replacing("\"AQAAAAAAAAABAAAAAAAAAAAAAAAA\"", with: "\"\(cursor)\"")
        let target = try document.exampleTarget(operation)
        // What has no end is looked at until the first event has come.
        let isStream = document.answer(operation, 200)?.mediaTypes.contains("text/event-stream") == true
        let answer =
          isStream
          ? try await client.beginning(operation.method, target, body) { $0.contains("AccountOpened") }
          : try await client.send(operation.method, target, body)
        #expect((200..<300).contains(answer.status), "\(id): \(answer.text)")
        let allowed = try #require(document.answer(operation, answer.status), "\(id): \(answer.status)")
        guard !allowed.mediaTypes.isEmpty else {
          #expect(answer.body.isEmpty)
          continue
        }
        let mediaType = try #require(answer["Content-Type"]?.split(separator: ";").first.map(String.init))
        #expect(allowed.mediaTypes.contains(mediaType), "\(id): \(mediaType)")
        guard mediaType == "application/json" else { continue }
        let example = try #require(allowed.examples[mediaType], "\(id) has no example of its answer")
        #expect(try answer.json.isShaped(as: example), "\(id): \(answer.text)")
      }
    }
  }
}
