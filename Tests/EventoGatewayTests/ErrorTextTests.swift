import Evento
import EventoGateway
import EventoWire
import TestSupport
import Testing

/// docs/http-api.md §10.1: what an error says, and how much of a request it quotes.
@Suite struct ErrorTextTests {
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
}
