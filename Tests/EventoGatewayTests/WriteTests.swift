import TestSupport
import Testing

/// `POST /events`: docs/http-api.md §2 and §3.
@Suite struct WriteTests {
  private static let first = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
  private static let second = "01BX5ZZKBKACTAV9WEVGEMMVRZ"

  @Test(arguments: Engine.available) func writesEventsOfTwoAggregates(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let response = try await client.send(
        "POST", "/events",
        writeJSON(
          eventJSON(["id": "\"\(Self.first.lowercased())\"", "routing_key": "\"eu\""]),
          eventJSON(["aggregator_id": "\"b\""]),
          eventJSON(["timestamp": "1700000000", "timestamp_subsec": "7"])))
      #expect(response.status == 201)
      #expect(response["Location"] == nil)
      #expect(response["Content-Type"] == "application/json")
      let events = try #require(try response.json["events"]?.array)
      #expect(events.count == 3)
      #expect(
        events[0].names == [
          "id", "aggregator_type", "aggregator_id", "version", "routing_key", "timestamp", "timestamp_subsec", "cursor",
        ])
      #expect(events[0]["id"] == .string(Self.first))
      #expect(events.map { $0["version"]?.int } == [1, 1, 2])
      #expect(events.map { $0["routing_key"] } == ["eu", .null, "eu"])
      #expect(events[2]["timestamp"] == 1_700_000_000 && events[2]["timestamp_subsec"] == 7)
    }
  }

  @Test(arguments: Engine.available) func namesTheOneEvent(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let response = try await client.send("POST", "/events", writeJSON(eventJSON(["id": "\"\(Self.first)\""])))
      #expect(response["Location"] == "/events/\(Self.first)")
      let found = try await client.send("GET", "/events/\(Self.first.lowercased())")
      #expect(found.status == 200)
      #expect(try found.json["node"]?["id"] == .string(Self.first))
      #expect(try found.json["cursor"] == (try response.json["events"]?[0]?["cursor"]))
      try expectProblem(await client.send("GET", "/events/\(Self.second)"), 404, "event_not_found")
      for id in ["1", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAI", "stream1"] {
        try expectProblem(await client.send("GET", "/events/\(id)"), 400, "invalid_request")
      }
    }
  }

  @Test(arguments: Engine.available) func tellsAConflict(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      try await client.writeEvents(2)
      for version in [1, 2, 4] {
        let response = try await client.send("POST", "/events", writeJSON(eventJSON(["version": "\(version)"])))
        try expectProblem(response, 409, "invalid_original_version")
        let problem = try response.json
        #expect(problem["aggregator_type"] == "bank/Account" && problem["aggregator_id"] == "a")
        #expect(problem["given_version"]?.int == version && problem["current_version"] == 2)
      }
      let atomic = try await client.send(
        "POST", "/events",
        writeJSON(eventJSON(["aggregator_id": "\"b\"", "version": "1"]), eventJSON(["version": "2"])))
      try expectProblem(atomic, 409, "invalid_original_version")
      #expect(
        try await client.send("GET", "/events?aggregator_type=bank/Account&aggregator_id=b").json["edges"] == .array([])
      )
    }
  }

  @Test(arguments: Engine.available) func respondsToAResendAsTheFirstTime(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let body = writeJSON(eventJSON(["id": "\"\(Self.first)\"", "version": "1", "data": "1.10"]))
      let first = try await client.send("POST", "/events", body)
      let again = try await client.send("POST", "/events", body)
      #expect(first.status == 201 && again.status == 200)
      #expect(first.body == again.body)
      #expect(again["Location"] == first["Location"])
      for body in [
        writeJSON(eventJSON(["id": "\"\(Self.first)\"", "data": "1.1"])),
        writeJSON(eventJSON(["id": "\"\(Self.first)\""])),
        writeJSON(
          eventJSON(["id": "\"\(Self.second)\"", "aggregator_id": "\"z\""]),
          eventJSON(["id": "\"\(Self.first)\"", "data": "1.10"])),
      ] {
        let response = try await client.send("POST", "/events", body)
        try expectProblem(response, 409, "duplicate_event_id")
        #expect(try response.json["event_id"] == .string(Self.first))
      }
      #expect(try await client.send("GET", "/events").json["edges"]?.array?.count == 1)
    }
  }

  @Test(arguments: Engine.available) func writesUnderACondition(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let cursor = try await client.writeEvents(1)[0]
      func write(_ condition: String) async throws -> HTTPResponse {
        try await client.send("POST", "/events", "{\"events\":[\(eventJSON())],\"condition\":\(condition)}")
      }
      let filter = "{\"aggregator_type\":\"bank/Account\",\"name\":\"Opened\"}"
      try expectProblem(await write("{\"fail_if_events_match\":[\(filter)]}"), 409, "condition_failed")
      #expect(try await write("{\"fail_if_events_match\":[\(filter)],\"after\":\"\(cursor)\"}").status == 201)
      try expectProblem(
        await write("{\"fail_if_events_match\":[\(filter)],\"after\":\"\(cursor)\"}"), 409, "condition_failed")
      try expectProblem(
        await write("{\"fail_if_events_match\":[]}"), 400, "invalid_request", member: "/condition/fail_if_events_match")
      try expectProblem(await write("null"), 400, "invalid_request", member: "/condition")
      try expectProblem(
        await write("{\"fail_if_events_match\":[\(filter)],\"after\":\"now\"}"), 400, "invalid_cursor")
    }
  }

  @Test(arguments: [
    ("", "invalid_json", nil), ("{", "invalid_json", nil), ("[]", "invalid_request", ""),
    ("null", "invalid_request", ""),
    ("{}", "invalid_request", "/events"), ("{\"events\":[]}", "missing_data", nil),
    ("{\"events\":null}", "invalid_request", "/events"),
    ("{\"events\":[1]}", "invalid_request", "/events/0"),
    ("{\"events\":[{}]}", "invalid_request", "/events/0/aggregator_type"),
    ("{\"events\":[\(eventJSON())],\"event\":1}", "invalid_request", "/event"),
    ("{\"events\":[\(eventJSON())],\"events\":[]}", "invalid_request", "/events"),
    (writeJSON(eventJSON(["version": "0"])), "invalid_request", "/events/0/version"),
    (writeJSON(eventJSON(["version": "2147483648"])), "invalid_request", "/events/0/version"),
    (writeJSON(eventJSON(["version": "1.0"])), "invalid_request", "/events/0/version"),
    (writeJSON(eventJSON(["version": "null"])), "invalid_request", "/events/0/version"),
    (writeJSON(eventJSON(), eventJSON(["version": "2"])), "invalid_request", "/events/1/version"),
    (writeJSON(eventJSON(["data": "1", "data_base64": "\"\""])), "invalid_request", "/events/0/data_base64"),
    (writeJSON(eventJSON(["data_base64": "\"YQ\""])), "invalid_request", "/events/0/data_base64"),
    (writeJSON(eventJSON(["metadata": "[]"])), "invalid_request", "/events/0/metadata"),
    (writeJSON(eventJSON(["timestamp_subsec": "1"])), "invalid_request", "/events/0/timestamp_subsec"),
    (writeJSON(eventJSON(["timestamp": "253402300800"])), "invalid_request", "/events/0/timestamp"),
    (writeJSON(eventJSON(["name": "\"a\\u0000\""])), "invalid_request", "/events/0/name"),
    (writeJSON(eventJSON(["name": "\"\""])), "invalid_request", "/events/0/name"),
    (writeJSON(eventJSON(["a/b~c": "1"])), "invalid_request", "/events/0/a~1b~0c"),
    (writeJSON(eventJSON(["id": "\"x\""])), "invalid_request", "/events/0/id"),
  ])
  func refusesAnotherShape(_ body: String, _ code: String, _ member: String?) async throws {
    try await withGateway { client in
      let response = try await client.send("POST", "/events", body)
      try expectProblem(response, 400, code, member: member)
      #expect(try await client.send("GET", "/events").json["edges"] == .array([]))
    }
  }

  /// As some shells and editors write it: a byte order mark is ignored, and UTF-16 is called by its name.
  @Test func takesNoOtherEncodingThanUTF8() async throws {
    try await withGateway { client in
      let text = writeJSON(eventJSON(["data": "1.10"]))
      let written = try await client.send("POST", "/events", "\u{FEFF}\(text)")
      #expect(written.status == 201)
      #expect(try await client.send("GET", "/events").text.contains("\"data\":1.10,"))
      for body in ["\u{FEFF}\(text)", text] {
        let bytes = body.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let refused = try await client.send("POST", "/events", bytes: bytes)
        try expectProblem(refused, 400, "invalid_json")
        #expect(try refused.json["detail"] == "The body is encoded in UTF-16. Send it in UTF-8 (RFC 8259 §8.1).")
      }
      #expect(try await client.send("GET", "/events").json["edges"]?.array?.count == 1)
    }
  }

  /// Each comes back as the very bytes that were sent.
  @Test(arguments: Engine.available) func keepsPayloadBytes(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      for data in [
        "1.10", "1E2", "-0", "1234567890123456789012345678901234567890", "{\"b\":1,\"a\":2}", "{\"a\":1,\"a\":2}",
        "\"\\ud800\"", "\"\\/\\u0041\"", "[ 1 ,\t2\n]", "null", "true", "\"\"", "\"é😀\"",
        String(repeating: "[", count: 128) + String(repeating: "]", count: 128),
      ] {
        let response = try await client.send("POST", "/events", writeJSON(eventJSON(["data": " \(data)\n"])))
        #expect(response.status == 201)
        let page = try await client.send("GET", "/events?last=1")
        #expect(page.text.contains("\"data\":\(data),"), "\(data)")
      }
    }
  }

  @Test(arguments: Engine.available) func keepsMetadataBytes(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      let metadata = "{ \"z\" : 1.0, \"a\":{\"requested_by\":\"\\u00e9\"} }"
      let written = try await client.send("POST", "/events", writeJSON(eventJSON(["metadata": metadata])))
      #expect(written.status == 201)
      #expect(try await client.send("GET", "/events").text.contains("\"metadata\":\(metadata)"))
    }
  }

  @Test(arguments: Engine.available) func keepsBytesThatAreNoJSON(_ engine: Engine) async throws {
    try await withGateway(on: engine) { client in
      for (base64, isJSON) in [("AP8=", false), ("", false), ("MQ==", true), ("IDE=", false), ("e30=", true)] {
        #expect(
          try await client.send("POST", "/events", writeJSON(eventJSON(["data_base64": "\"\(base64)\""]))).status == 201
        )
        let node = try await client.send("GET", "/events?last=1").json["edges"]?[0]?["node"]
        #expect((node?["data"] != nil) == isJSON, "\(base64)")
        #expect((node?["data_base64"] == .string(base64)) != isJSON, "\(base64)")
        let encoded = try await client.send("GET", "/events?last=1&encoding=base64").json["edges"]?[0]?["node"]
        #expect(encoded?["data_base64"] == .string(base64))
        #expect(encoded?["data"] == nil)
      }
    }
  }

  @Test func refusesWhatIsNestedTooDeep() async throws {
    try await withGateway { client in
      for depth in [129, 100_000] {
        let data = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let response = try await client.send("POST", "/events", writeJSON(eventJSON(["data": data])))
        #expect(response.status == 400)
        #expect(response.text.contains("128"))
      }
    }
  }
}
