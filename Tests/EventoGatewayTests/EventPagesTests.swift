import Evento
import EventoGateway
import TestSupport
import Testing

/// A page is the same, byte for byte, whether the store shows its events where they lie or gives them as values.
@Suite struct EventPagesTests {
  /// Does what a store does, and shows nothing.
  private struct ValuesOnly<Store: Executor>: StoreWrapper {
    let store: Store

    func event(_ id: ULID) async throws -> Edge<Event>? { try await store.event(id) }
  }

  private func withBoth(
    on engine: Engine, pageBytes: Int = 8 << 20, _ events: [NewEvent],
    _ body: (_ shown: HTTPClient, _ values: HTTPClient, _ written: [WrittenEvent]) async throws -> Void
  ) async throws {
    try await engine.withStore { store in
      var written: [WrittenEvent] = []
      for event in events { written += try await store.write([event]).events }
      try await withGateway(over: store, { $0.pageBytes = pageBytes }) { shown in
        try await withGateway(over: Self.valuesOnly(of: store), { $0.pageBytes = pageBytes }) { values in
          try await body(shown, values, written)
        }
      }
    }
  }

  private static func valuesOnly(of store: some Executor) -> any Executor { ValuesOnly(store: store) }

  /// Expects the same response from both.
  @discardableResult
  private func same(
    _ shown: HTTPClient, _ values: HTTPClient, _ method: String, _ target: String, _ body: String? = nil
  ) async throws -> HTTPResponse {
    let response = try await shown.send(method, target, body)
    let other = try await values.send(method, target, body)
    #expect(response.status == other.status, "\(target)")
    #expect(response.body == other.body, "\(target) \(response.text) \(other.text)")
    #expect(response["Content-Type"] == other["Content-Type"])
    return response
  }

  private static func event(
    _ data: Payload, _ metadata: Metadata = Metadata(), type: String = "bank/Account", id: String = "a",
    name: String = "Opened", key: String? = nil, at time: Timestamp? = Timestamp(seconds: 1, subsecond: 7)
  ) -> NewEvent {
    NewEvent(
      aggregatorType: type, aggregatorID: id, name: name, routingKey: .value(key), data: data, metadata: metadata,
      timestamp: time)
  }

  private static func oddEvents() throws -> [NewEvent] {
    let payloads: [Payload] = [
      Payload(), Payload([0]), Payload([0xFF, 0xFE]), Payload([1, 2, 3, 4]), Payload("text"), Payload(" {}"),
      Payload("null"), Payload("1.10"), Payload("1E2"), Payload(String(repeating: "9", count: 40)), Payload("\"\""),
      Payload(#"{"a":1,"a":2,"\u0000":"\ud800 \u2028 \/"}"#), Payload("{\"a\":\"\u{2028}\u{2029}\u{1F600}é\"}"),
      Payload("{\r\n\t\"a\" : [ ]\n}"),
      Payload(String(repeating: "[", count: 128) + String(repeating: "]", count: 128)),
      Payload(String(repeating: "[", count: 129) + String(repeating: "]", count: 129)),
      Payload(#"{"x":"\#(String(repeating: "y", count: 70_000))"}"#), Payload([UInt8](repeating: 0x80, count: 70_001)),
    ]
    var events = payloads.map { event($0) }
    for metadata in [
      "{}", "{ }", #"{"requested_by":"ü","n":1.0,"deep":{"a":[[["\u0000"]]]}}"#, "{\"a\"\n:\r\n1}",
      "{\"\u{2028}\":\"\\\\\"}",
    ] {
      events.append(event(Payload("{}"), try Metadata(json: metadata)))
    }
    // Escapes at either end of eight bytes, and names of 255 bytes.
    let names = [
      "\"", "\\", "a\"b\\c", "\u{2028}", "é", "e\u{301}", "😀", "a/b", "eight888", "eight88\"", "eight88\u{80}",
      "1234567",
      String(repeating: "\"", count: 255), String(repeating: "\\", count: 255), String(repeating: "😀", count: 63),
    ]
    for name in names {
      events.append(event(Payload("1"), type: name, id: name, name: name, key: name))
      events.append(event(Payload("2"), id: name, key: name))
    }
    for time in [0, 999, 1000, 253_402_300_799_999] {
      events.append(event(Payload("3"), key: "times", at: Timestamp(milliseconds: Int64(time))))
    }
    return events
  }

  @Test(arguments: Engine.available) func oddEventsComeOutTheSame(_ engine: Engine) async throws {
    let events = try Self.oddEvents()
    try await withBoth(on: engine, events) { shown, values, written in
      for encoding in ["auto", "base64"] {
        for page in ["first=1000", "last=1000", "first=7", "last=7", "first=0", "last=0", "first=1&after=now"] {
          try await same(shown, values, "GET", "/events?\(page)&encoding=\(encoding)")
        }
        for event in written {
          let response = try await same(shown, values, "GET", "/events/\(event.id)?encoding=\(encoding)")
          #expect(response.status == 200)
        }
      }
      let all = try await same(shown, values, "GET", "/events?first=1000")
      let text = all.text
      #expect(written.count == events.count && written.allSatisfy { text.contains("\"cursor\":\"\($0.cursor)\"") })
      // Backward, the edges stand as they do forward.
      let backward = try await same(shown, values, "GET", "/events?last=1000")
      #expect(backward.body == all.body)
      try await same(shown, values, "GET", "/events/\(ULID())")
      try await same(shown, values, "HEAD", "/events?first=3")
    }
  }

  @Test(arguments: Engine.available) func everyKindOfPageComesOutTheSame(_ engine: Engine) async throws {
    let events = (0..<40).map { number in
      Self.event(
        Payload("{\"n\":\(number)}"), id: "id-\(number % 3)", name: "N\(number % 4)", key: number % 5 == 0 ? nil : "k")
    }
    try await withBoth(on: engine, events) { shown, values, written in
      let filters = [
        "", "&routing_key=", "&routing_key=k", "&routing_key=none", "&aggregator_type=bank/Account",
        "&aggregator_type=bank/Account&aggregator_id=id-1", "&aggregator_type=bank/Account&name=N2&routing_key=k",
        "&aggregator_type=none",
      ]
      for filter in filters {
        for count in [0, 1, 2, 5, 40, 41] {
          for cursor in [
            "", written[0].cursor.description, written[20].cursor.description, written[39].cursor.description,
          ] {
            let (after, before) = cursor.isEmpty ? ("", "") : ("&after=\(cursor)", "&before=\(cursor)")
            try await same(shown, values, "GET", "/events?first=\(count)\(after)\(filter)")
            try await same(shown, values, "GET", "/events?last=\(count)\(before)\(filter)")
          }
        }
      }
      let several =
        #""aggregators":[{"aggregator_type":"bank/Account","aggregator_id":"id-0"},"#
        + #"{"aggregator_type":"bank/Account","name":"N1"},{"aggregator_type":"none"}]"#
      for page in [#""first":9"#, #""last":9"#, #""first":40,"routing_key":null"#, #""last":3,"routing_key":"k""#] {
        try await same(shown, values, "POST", "/events/query", "{\(several),\(page)}")
      }
      // What is refused is refused in the same words, but for the instance.
      for query in ["first=-1", "first=1&last=1", "after=x", "wait=1&last=1", "a=1", "first=65536", "aggregator_id=a"] {
        let response = try await same(shown, values, "GET", "/events?\(query)")
        #expect(response.status == 400)
      }
      let foreign = Cursor(content: [1, 2, 3])
      #expect(try await same(shown, values, "GET", "/events?after=\(foreign)").status == 409)
      #expect(try await same(shown, values, "GET", "/events?before=\(foreign)").status == 409)
      #expect(try await same(shown, values, "GET", "/events/none").status == 400)
    }
  }

  @Test(arguments: Engine.available) func snapshotsComeOutTheSame(_ engine: Engine) async throws {
    try await withBoth(on: engine, [Self.event(Payload("{}"))]) { shown, values, written in
      for (name, body) in [
        ("json", #""data":{"a": [1.10]}"#), ("bytes", #""data_base64":"AAEC""#), ("empty", #""data_base64":"""#),
      ] {
        let path = "/snapshots/bank%2FAccount/1/\(name)"
        let put = try await values.send("PUT", path, "{\"cursor\":\"\(written[0].cursor)\",\(body)}")
        #expect(put.status == 204)
        for encoding in ["auto", "base64"] {
          #expect(try await same(shown, values, "GET", "\(path)?encoding=\(encoding)").status == 200)
        }
      }
      #expect(try await same(shown, values, "GET", "/snapshots/bank/1/none").status == 404)
      #expect(try await same(shown, values, "GET", "/snapshots/bank/1/a%00").status == 400)
      #expect(try await same(shown, values, "GET", "/snapshots/bank/1/none?encoding=hex").status == 400)
    }
  }

  @Test(arguments: ["first", "last"], ["auto", "base64"])
  func theResponsesSizeIsBounded(direction: String, encoding: String) async throws {
    let limit = 20_000
    let sizes = [3000, 3000, 3000, 3000, 3000, 30_000, 100, 14_000, 6000, 40_000]
    let events = sizes.map { Self.event(Payload("\"" + String(repeating: "x", count: $0 - 2) + "\"")) }
    try await withBoth(on: .sqlite, pageBytes: limit, events) { shown, values, written in
      var (seen, cursor): ([String], String?) = ([], nil)
      while true {
        let (mark, flag, end) =
          direction == "first"
          ? ("after", "has_next_page", "end_cursor") : ("before", "has_previous_page", "start_cursor")
        let query = "/events?\(direction)=1000&encoding=\(encoding)" + (cursor.map { "&\(mark)=\($0)" } ?? "")
        let response = try await same(shown, values, "GET", query)
        let edges = try #require(try response.json["edges"]?.array)
        #expect(!edges.isEmpty && (response.body.count <= limit || edges.count == 1))
        let cursors = edges.compactMap { $0["cursor"]?.string }
        seen = direction == "first" ? seen + cursors : cursors + seen
        guard try response.json["page_info"]?[flag] == true else { break }
        cursor = try response.json["page_info"]?[end]?.string
      }
      #expect(seen == written.map(\.cursor.description))
    }
  }
}
