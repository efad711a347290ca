import Evento
import EventoTesting
import TestSupport
import Testing

/// docs/http-api.md §3.6.
@Suite(.timeLimit(.minutes(2))) struct ErasureTests {
  private static let erase = "/aggregators/erase"
  private static let account = "{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"a\"}"

  @Test(arguments: Engine.available) func anErasedEventHasNoPayloadAnywhere(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let members = ["data": "{\"name\":\"Ada\"}", "metadata": "{\"requested_by\":\"ada\"}"]
      let written = try await client.send(
        "POST", "/events",
        writeJSON(
          eventJSON(members), eventJSON(["aggregator_id": "\"b\"", "data": "1"]), eventJSON(["data_base64": "\"/w==\""])
        ))
      let event = try #require(try written.json["events"]?[0])
      let (id, cursor) = (try #require(event["id"]?.string), try #require(event["cursor"]?.string))
      let response = try await client.send("POST", Self.erase, Self.account)
      #expect(response.status == 200 && response.text == "{\"events\":2,\"snapshots\":0}\n")
      #expect(response["Content-Type"] == "application/json" && response["Cache-Control"] == "no-store")

      let node =
        "{\"id\":\"\(id)\",\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"a\",\"version\":1,\"name\":\"Opened\","
        + "\"routing_key\":null,\"erased\":true,\"metadata\":{},\"timestamp\":"
      let one = try await client.send("GET", "/events/\(id)")
      #expect(one.text.hasPrefix("{\"cursor\":\"\(cursor)\",\"node\":\(node)"), "\(one.text)")
      for target in ["/events", "/events?encoding=base64", "/events?last=3", "/events/\(id)?encoding=base64"] {
        let text = try await client.send("GET", target).text
        #expect(text.contains(node) && !text.contains("\"Ada\"") && !text.contains("\"ada\""), "\(target): \(text)")
      }
      let page = try await client.send("GET", "/events").json
      #expect(page["edges"]?.array?.map { $0["node"]?["erased"] != nil } == [true, false, true])
      #expect(page["edges"]?[2]?["node"]?["data_base64"] == nil && page["edges"]?[1]?["node"]?["data"]?.int == 1)
      for accept in ["text/event-stream", "application/x-ndjson"] {
        let lines = try await client.beginning("GET", "/events/stream", fields: [("Accept", accept)]) {
          $0.ranges(of: "\"version\":").count == 3
        }
        #expect(lines.text.contains(node) && !lines.text.contains("\"Ada\""), "\(lines.text)")
      }
      #expect(try await client.send("POST", Self.erase, Self.account).text == "{\"events\":0,\"snapshots\":0}\n")
      try expectProblem(
        await client.send(
          "POST", "/events", writeJSON(eventJSON(members.merging(["id": "\"\(id)\""]) { $1 }))), 409,
        "duplicate_event_id")
      #expect(try await client.send("POST", "/events", writeJSON(eventJSON(["version": "3"]))).status == 201)
    }
  }

  @Test func snapshotsAreErasedByTheirTypes() async throws {
    try await withGateway { client in
      let cursor = try await client.writeEvents(1)[0]
      for path in ["bank/Account/1/a", "bank/Account/2/a", "balance/1/a", "bank/Account/1/b"] {
        let saved = try await client.send("PUT", "/snapshots/\(path)", "{\"cursor\":\"\(cursor)\",\"data\":1}")
        #expect(saved.status == 204)
      }
      let body = Self.account.dropLast() + ",\"snapshot_types\":[\"bank/Account\",\"bank/Account\"]}"
      let response = try await client.send("POST", Self.erase, String(body))
      #expect(response.text == "{\"events\":1,\"snapshots\":2}\n")
      for (path, status) in [("bank/Account/1/a", 404), ("bank/Account/2/a", 404), ("balance/1/a", 200)] {
        #expect(try await client.send("GET", "/snapshots/\(path)").status == status)
      }
    }
  }

  @Test func anAggregateWithoutEventsIsNotFound() async throws {
    try await withGateway { client in
      try await client.writeEvents(1, aggregate: "b")
      try expectProblem(await client.send("POST", Self.erase, Self.account), 404, "aggregator_not_found")
    }
  }

  @Test(arguments: [
    ("{}", "/aggregator_type"), ("{\"aggregator_type\":\"t\"}", "/aggregator_id"),
    ("{\"aggregator_type\":null,\"aggregator_id\":\"a\"}", "/aggregator_type"),
    ("{\"aggregator_type\":\"\",\"aggregator_id\":\"a\"}", "/aggregator_type"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"\\n\"}", "/aggregator_id"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"a\",\"snapshot_types\":null}", "/snapshot_types"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"a\",\"snapshot_types\":\"x\"}", "/snapshot_types"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"a\",\"snapshot_types\":[\"x\",1]}", "/snapshot_types/1"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"a\",\"snapshot_types\":[\"x\",\"\"]}", "/snapshot_types/1"),
    ("{\"aggregator_type\":\"t\",\"aggregator_id\":\"a\",\"snapshot_type\":[]}", "/snapshot_type"),
    ("{\"aggregator_type\":\"t\",\"aggregator_type\":\"t\",\"aggregator_id\":\"a\"}", "/aggregator_type"),
    ("[]", ""),
  ])
  func aFaultInTheBodyIsNamed(_ body: String, _ pointer: String) async throws {
    try await withGateway { client in
      let response = try await client.send("POST", Self.erase, body)
      try expectProblem(response, 400, "invalid_request")
      #expect(try response.json["errors"]?[0]?["pointer"]?.string == pointer, "\(response.text)")
    }
  }

  @Test func aHundredTypesOfSnapshotsAreTaken() async throws {
    try await withGateway { client in
      try await client.writeEvents(1)
      for (count, status) in [(0, 200), (100, 200), (101, 400)] {
        let types = (0..<count).map { "\"t\($0)\"" }.joined(separator: ",")
        let response = try await client.send(
          "POST", Self.erase, String(Self.account.dropLast()) + ",\"snapshot_types\":[\(types)]}")
        #expect(response.status == status)
        if status == 400 { #expect(response.text.contains("has 101 types, but the limit is 100")) }
      }
    }
  }

  /// Two followers at the same position share what one of them has read.
  @Test func aNewStreamGetsNothingThatWasReadBefore() async throws {
    try await withGateway { client in
      for number in 1...20 {
        try await client.writeEvents(1, aggregate: "s\(number)")
        let hasEvent = { (text: String) in
          text.contains("\"aggregator_id\":\"s\(number)\"") && text.hasSuffix("\n\n")
        }
        var first = try await OpenStream(client, "/events/stream", "{}", until: hasEvent)
        let body = "{\"aggregator_type\":\"bank/Account\",\"aggregator_id\":\"s\(number)\"}"
        #expect(try await client.send("POST", Self.erase, body).status == 200)
        let second = try await OpenStream(client, "/events/stream", "{}", until: hasEvent)
        #expect(!second.text.contains("\"data\":{"), "\(second.text)")
        // It is open until here, so that both have the same filter.
        try await client.writeEvents(1, aggregate: "s\(number)")
        try await first.read { $0.contains("\"version\":2") }
        #expect(try await client.send("POST", Self.erase, body).status == 200)
      }
    }
  }

  @Test func aStoreThatCannotEraseSaysSo() async throws {
    struct Plain: StoreWrapper { let store: InMemoryExecutor }
    try await withGateway(over: Plain(store: InMemoryExecutor())) { client in
      try expectProblem(await client.send("POST", Self.erase, Self.account), 501, "not_implemented")
    }
  }
}
