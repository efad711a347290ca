import Evento
import Testing

@testable import EventoWire

@Suite struct StreamTests {
  private static let cursor = Cursor(place: [1, 2, 3, 4, 5, 6, 7, 8])

  private func edge(data: Payload, metadata: String = "{}") throws -> Edge<Event> {
    Edge(
      cursor: Self.cursor,
      node: Event(
        id: ULID(), aggregatorType: "t", aggregatorID: "i", version: 1, name: "n", routingKey: nil, data: data,
        metadata: try Metadata(json: metadata), timestamp: Timestamp(milliseconds: 0)))
  }

  private func line(_ format: StreamFormat, _ edge: Edge<Event>, _ encoding: PayloadEncoding = .auto) -> String {
    var output: [UInt8] = []
    format.append(edge, encoding, to: &output)
    return text(output)
  }

  @Test func givesAnEventInEachFormat() throws {
    let edge = try edge(data: Payload("{\"a\":1.0}"))
    let sse = line(.eventStream, edge)
    #expect(sse.hasPrefix("id: \(Self.cursor)\nevent: event\ndata: {\"cursor\":\"\(Self.cursor)\",\"node\":{"))
    #expect(sse.hasSuffix("}}\n\n"))
    #expect(sse.split(separator: "\n", omittingEmptySubsequences: false).count == 5)
    let ndjson = line(.ndjson, edge)
    #expect(ndjson.hasPrefix("{\"type\":\"event\",\"cursor\":"))
    guard case .event(let read) = try StreamLine(json: bytes(String(ndjson.dropLast()))) else {
      Issue.record("no event")
      return
    }
    #expect(read == edge)
  }

  @Test(arguments: ["[1,\n2]", "[1,\r2]", "[1,\r\n2]"])
  func givesPayloadsWithLineEndsAsBase64(_ data: String) throws {
    for format in StreamFormat.allCases {
      let output = line(format, try edge(data: Payload(data)))
      #expect(output.contains("\"data_base64\":\"\(Base64.standard.encode(bytes(data)))\""))
      #expect(!output.contains("\r"))
    }
  }

  @Test func putsMetadataOnOneLine() throws {
    for format in StreamFormat.allCases {
      let output = line(format, try edge(data: Payload("1"), metadata: "{\n\"a\"\r\n:\t1}"))
      #expect(output.contains("\"metadata\":{ \"a\"  :\t1}"))
    }
  }

  @Test func tellsOfTheWayHeartbeatsLook() throws {
    #expect(text(StreamFormat.eventStream.heartbeat(Self.cursor)) == ": heartbeat\nid: \(Self.cursor)\n\n")
    guard case .heartbeat(Self.cursor) = try StreamLine(json: StreamFormat.ndjson.heartbeat(Self.cursor)) else {
      Issue.record("no heartbeat")
      return
    }
  }

  @Test(arguments: [
    "{}", "[]", "{\"type\":\"event\"}", "{\"type\":\"heartbeat\"}", "{\"type\":1}", "", "{\"cursor\":\"x\"}",
  ])
  func refusesOtherLines(_ line: String) {
    #expect(failure { () throws(EventoError) in _ = try StreamLine(json: bytes(line)) } != nil)
  }

  @Test func passesOverLinesOfANewerGateway() throws {
    guard case .other = try StreamLine(json: bytes("{\"type\":\"notice\",\"text\":\"x\"}")) else {
      Issue.record("taken for something else")
      return
    }
  }

  @Test func readsWhatItWrites() throws {
    let requests = [
      FollowRequest(aggregators: nil, routingKey: .all, after: .beginning),
      FollowRequest(
        aggregators: [ReadAggregator("t", id: "i", name: nil)], routingKey: .value(nil), after: .now, encoding: .base64),
      FollowRequest(aggregators: [], routingKey: .value("k"), after: .after(Self.cursor)),
    ]
    for request in requests {
      let read = try FollowRequest(json: request.json, lastEventID: "")
      #expect(read.aggregators == request.aggregators && read.routingKey == request.routingKey)
      #expect(read.after == request.after && read.encoding == request.encoding)
    }
  }

  @Test func lastEventIDWins() throws {
    let other = Cursor(place: [9, 9])
    for lastEventID in ["", Self.cursor.description] {
      let expected: Args.Start = .after(lastEventID.isEmpty ? other : Self.cursor)
      #expect(try FollowRequest(json: bytes("{\"after\":\"\(other)\"}"), lastEventID: lastEventID).after == expected)
      var parameters = ParameterReader([("after", other.description)])
      #expect(try FollowRequest(&parameters, lastEventID: lastEventID).after == expected)
    }
    #expect(
      failure { () throws(EventoError) in _ = try FollowRequest(json: bytes("{}"), lastEventID: "now") }?.code
        == .invalidCursor)
  }

  @Test(arguments: ["first", "last", "before", "wait"])
  func takesNoPageParameters(_ name: String) {
    #expect(
      places(
        failure { () throws(EventoError) in _ = try FollowRequest(json: bytes("{\"\(name)\":1}"), lastEventID: nil) })
        == ["/\(name)"])
    var parameters = ParameterReader([(name, "1")])
    #expect(
      places(failure { () throws(EventoError) in _ = try FollowRequest(&parameters, lastEventID: nil) }) == [name])
  }
}
