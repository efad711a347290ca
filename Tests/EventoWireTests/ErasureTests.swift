import Evento
import Testing

@testable import EventoWire

@Suite struct ErasureTests {
  private static let event = Event(
    id: ULID(high: 1, low: 1), aggregatorType: "t", aggregatorID: "i", version: 1, name: "n", routingKey: nil,
    data: Payload("\"secret\""), metadata: Metadata(), timestamp: Timestamp(seconds: 1), isErased: true)

  @Test func anErasedEventHasNoContent() throws {
    #expect(Self.event.data.bytes.isEmpty && !Self.event.data.isJSON && Self.event.metadata == Metadata())
    let edge = Edge(cursor: Cursor(content: Array(1...14)), node: Self.event)
    for encoding in PayloadEncoding.allCases {
      for format in StreamFormat.allCases {
        #expect(
          text(format.line(edge, encoding)).contains(
            "\"routing_key\":null,\"erased\":true,\"metadata\":{},\"timestamp\":1,\"timestamp_subsec\":0}"))
      }
    }
  }

  /// It is a member of responses alone.
  @Test(arguments: ["true", "false"]) func aNewEventCannotBeErased(_ value: String) {
    let body = "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\",\"erased\":\(value)}]}"
    let error = #expect(throws: EventoError.self) { try WriteRequest(json: bytes(body), limits: WireLimits()) }
    guard case .fieldErrors(let errors) = error?.facts else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(errors.map(\.location) == [.pointer("/events/0/erased")])
    let members =
      "id, aggregator_type, aggregator_id, version, name, routing_key, data, data_base64, metadata, timestamp, "
    #expect(errors.first?.detail == "is unknown. Allowed members: \(members)timestamp_subsec")
  }

  @Test func requestsAndResponsesAreReadAsTheyAreWritten() throws {
    for types in [[], ["bank/Account", "é\"\\"], (0..<100).map { "t\($0)" }] {
      let request = EraseRequest(aggregatorType: "a\"", aggregatorID: "é", snapshotTypes: types)
      let read = try EraseRequest(json: request.json)
      #expect(read.aggregatorType == "a\"" && read.aggregatorID == "é" && read.snapshotTypes == types)
    }
    let result = ErasureResult(events: 1_000_000, snapshots: 0)
    #expect(text(EraseResponse.json(result)) == "{\"events\":1000000,\"snapshots\":0}\n")
    #expect(try EraseResponse.result(json: EraseResponse.json(result)) == result)
    #expect(
      try EraseResponse.result(json: bytes("{\"events\":1,\"snapshots\":2,\"more\":3}"))
        == .init(events: 1, snapshots: 2))
    for body in ["{}", "{\"events\":1}", "{\"events\":-1,\"snapshots\":0}", "[]", "null"] {
      #expect(throws: EventoError.self, "\(body)") { try EraseResponse.result(json: bytes(body)) }
    }
  }
}
