import ByteCoding
import Evento
import Testing

@testable import EventoWire

@Suite struct StreamTests {
  private static let cursor = Cursor(content: [1, 2, 3, 4, 5, 6, 7, 8])

  /// - Parameter mark: stands in every name.
  private func edge(data: Payload, metadata: String = "{}", mark: String = "") throws -> Edge<Event> {
    Edge(
      cursor: Self.cursor,
      node: Event(
        id: ULID(), aggregatorType: "t\(mark)", aggregatorID: "\(mark)i", version: 1, name: "n\(mark)n",
        routingKey: mark.isEmpty ? nil : mark, data: data, metadata: try Metadata(json: metadata),
        timestamp: Timestamp(milliseconds: 0)))
  }

  private func line(_ format: StreamFormat, _ edge: Edge<Event>, _ encoding: PayloadEncoding = .auto) -> String {
    text(format.line(edge, encoding))
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

  @Test(arguments: [
    "[1,\n2]", "[1,\r2]", "[1,\r\n2]", "\"\u{85}\"", "\"first\u{2028}second\"", "{\"\u{2029}\":1}",
    "\"1234567\u{85}\"", "\"12345678901234\u{2028}56\"", "\"é°—\u{2027}\u{2029}\"", "\"\u{2028}\u{2028}\"",
  ])
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

  /// What `str.splitlines` of Python takes for line ends, CR and LF aside.
  private static let separators = ["\u{85}", "\u{2028}", "\u{2029}"]

  @Test func escapesLineSeparators() throws {
    let escapes = ["\\u0085", "\\u2028", "\\u2029"]
    let lengths = [0, 1, 5, 6, 7, 8, 9, 42]
    for (format, length) in StreamFormat.allCases.flatMap({ format in lengths.map { (format, $0) } }) {
      for (separator, escape) in zip(Self.separators, escapes) {
        let before = String(repeating: "é", count: length)
        let mark = String(repeating: separator, count: length / 2 + 1)
        let metadata = "{\"\(before)\(mark)\":\r\n\"\(mark)\\\\\(mark)\\n\"}"
        let stored = try edge(data: Payload("\"°—é\""), metadata: metadata, mark: before + mark)
        let output = line(format, stored)
        // Replaced where it was; nothing else is changed.
        #expect(!output.unicodeScalars.contains { "\u{85}\u{2028}\u{2029}\r".unicodeScalars.contains($0) })
        #expect(output.contains(metadata.replacing("\r\n", with: "  ").replacing(separator, with: escape)))
        #expect(output.contains("\"data\":\"°—é\""))
        let text = format == .ndjson ? output : String(output.split(separator: "\n")[2].dropFirst("data: ".count))
        guard case .event(let read) = try StreamLine(json: bytes(typed(text))) else {
          Issue.record("no event")
          return
        }
        #expect(read.node.aggregatorType == stored.node.aggregatorType)
        #expect(read.node.aggregatorID == stored.node.aggregatorID)
        #expect(read.node.name == stored.node.name && read.node.routingKey == stored.node.routingKey)
        #expect(read.node.data == stored.node.data)
      }
    }
  }

  /// The object of a line of either format, as one of NDJSON.
  private func typed(_ text: String) -> String {
    text.hasPrefix("{\"type\"") ? text : "{\"type\":\"event\"," + text.dropFirst()
  }

  @Test func keepsPayloadsWithLineEndsExactly() throws {
    for separator in Self.separators + ["\n", "\r"] {
      let isAllowed = separator.utf8.count > 1
      for (data, isJSON) in [("[\"a\"\n,1]", true), ("\"\(separator)\"", isAllowed), (separator, false)] {
        let stored = try edge(data: Payload(data))
        guard case .event(let read) = try StreamLine(json: bytes(line(.ndjson, stored))) else {
          Issue.record("no event")
          return
        }
        #expect(read == stored && read.node.data.isJSON == isJSON)
      }
    }
  }

  /// Bytes that begin like a line separator do not make one.
  @Test(arguments: [
    "°", "£", "—", "…", "\u{84}", "\u{86}", "\u{2027}", "\u{202A}", "\u{20A8}", "\u{A8}", "Å", "\u{E2028}",
  ])
  func leavesOtherCharactersAlone(_ character: String) throws {
    for format in StreamFormat.allCases {
      let output = line(
        format, try edge(data: Payload("\"\(character)\""), metadata: "{\"m\":\"\(character)\"}", mark: character))
      #expect(output.contains("\"data\":\"\(character)\"") && output.contains("{\"m\":\"\(character)\"}"))
      #expect(output.contains("\"name\":\"n\(character)n\""))
    }
  }

  /// A page keeps what is stored.
  @Test func escapesNothingInAPage() throws {
    for separator in Self.separators {
      let metadata = "{\"m\":\n\"\(separator)\"}"
      let page = text(ReadResponse.json(try edge(data: Payload("\"\(separator)\""), metadata: metadata), .auto))
      #expect(page.contains("\"data\":\"\(separator)\"") && page.contains(metadata))
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
    let other = Cursor(content: [9, 9])
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
      locations(
        failure { () throws(EventoError) in _ = try FollowRequest(json: bytes("{\"\(name)\":1}"), lastEventID: nil) })
        == ["/\(name)"])
    var parameters = ParameterReader([(name, "1")])
    #expect(
      locations(failure { () throws(EventoError) in _ = try FollowRequest(&parameters, lastEventID: nil) }) == [name])
  }
}
