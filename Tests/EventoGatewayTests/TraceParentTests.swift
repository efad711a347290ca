import Evento
import EventoGateway
import EventoSQLite
import TestSupport
import Testing

/// The trace of a write in the metadata of its events.
@Suite struct TraceParentTests {
  private static let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  private static let other = "00-4bf92f3577b34da6a3ce929d0e0e4737-00f067aa0ba902b7-01"

  /// Writes one event, and returns its metadata as they are stored.
  private func metadata(
    _ client: HTTPClient, _ members: [String: String], _ traces: [String] = [trace]
  ) async throws -> String {
    let write = try await client.send(
      "POST", "/events", writeJSON(eventJSON(members)), fields: traces.map { (name: "traceparent", value: $0) })
    #expect(write.status == 201)
    let id = try #require(try write.json["events"]?[0]?["id"]?.string)
    let event = try await client.send("GET", "/events/\(id)").text
    return String(try #require(event.firstMatch(of: /"metadata":(\{.*\}),"timestamp":/)).output.1)
  }

  private func expect(
    _ expected: String, for members: [String: String], traces: [String] = [trace], _ client: HTTPClient
  ) async throws {
    let stored = try await metadata(client, members, traces)
    #expect(stored == expected, "\(traces)")
  }

  @Test func isAddedToEventsWithoutAnID() async throws {
    try await withGateway({ $0.addsTraceParent = true }) { client in
      let member = "\"traceparent\":\"\(Self.trace)\""
      try await expect("{\(member)}", for: [:], client)
      try await expect("{ \"a\": 1.10 ,\(member)}", for: ["metadata": "{ \"a\": 1.10 }"], client)
      // The client has its own.
      for own in ["{\"traceparent\":null}", #"{"trac\u0065parent":1}"#] {
        try await expect(own, for: ["metadata": own], client)
      }
      for traces in [[], [Self.trace, Self.trace], ["00-x"], [Self.trace + "-"], [Self.trace.uppercased()]] {
        try await expect("{}", for: [:], traces: traces, client)
      }
    }
  }

  @Test func isNotAddedUnlessTheOperatorSaysSo() async throws {
    try await withGateway { client in try await expect("{}", for: [:], client) }
  }

  /// A resend is another request, usually in another trace.
  @Test func aResendInAnotherTraceIsAResend() async throws {
    try await withGateway({ $0.addsTraceParent = true }) { client in
      let write = writeJSON(eventJSON(["id": "\"01ARZ3NDEKTSV4RRFFQ69G5FAV\""]))
      for (trace, status) in [(Self.trace, 201), (Self.other, 200), (Self.trace, 200)] {
        let response = try await client.send("POST", "/events", write, fields: [("traceparent", trace)])
        #expect(response.status == status)
      }
      let event = try await client.send("GET", "/events/01ARZ3NDEKTSV4RRFFQ69G5FAV")
      #expect(event.text.contains("\"metadata\":{},"))
    }
  }

  /// Metadata over the limit could not be written again.
  @Test func doesNotExceedTheLimitOfMetadata() async throws {
    try await withGateway({
      $0.addsTraceParent = true
      $0.metadataBytes = 90
    }) { client in
      let added = try await metadata(client, ["metadata": "{\"a\":1}"])
      #expect(added.contains("traceparent"))
      let full = "{\"a\":\"\(String(repeating: "x", count: 30))\"}"
      try await expect(full, for: ["metadata": full], client)
    }
  }

  @Test func isInTheLogOfAnError() async throws {
    let recorder = LogRecorder()
    try await withGateway(over: GatedExecutor(), log: recorder.logger()) { client in
      _ = try await client.send("POST", "/events", writeJSON(eventJSON()), fields: [("traceparent", Self.trace)])
      let line = try #require(recorder.lines(with: "POST /events failed").first)
      #expect(line.contains("trace_id=4bf92f3577b34da6a3ce929d0e0e4736 "))
    }
  }
}
