import ByteCoding
import Evento
import Testing

@testable import EventoWire

/// What is read without looking up members means what it means to the reader that does, and fails with the same error.
@Suite struct EventDecoderTests {
  private static let cursor = Cursor(content: Array(1...14))

  private static func edge(
    type: String = "bank/Account", id: String = "01JD0000000000000000000001-7", name: String = "MoneyDepositedLately",
    routingKey: String? = nil, data: Payload = Payload("{\"cents\":1}"), metadata: String = "{}",
    isErased: Bool = false
  ) throws -> Edge<Event> {
    Edge(
      cursor: cursor,
      node: Event(
        id: ULID(), aggregatorType: type, aggregatorID: id, version: Event.maximumVersion, name: name,
        routingKey: routingKey, data: data, metadata: try Metadata(json: metadata),
        timestamp: Timestamp(milliseconds: 253_402_300_799_999), isErased: isErased))
  }

  private static func line(_ edge: Edge<Event>, _ encoding: PayloadEncoding = .auto) -> [UInt8] {
    Array(StreamFormat.ndjson.line(edge, encoding).dropLast())
  }

  private static func page(_ edges: [Edge<Event>]) -> [UInt8] {
    let info = PageInfo(hasPreviousPage: false, hasNextPage: true, startCursor: nil, endCursor: edges.last?.cursor)
    return ReadResponse.json(ReadResult(edges: edges, pageInfo: info), .auto)
  }

  /// Otherwise a change of what the gateway writes would make readers slow, and nothing else would show it.
  @Test func readsByItselfWhatAGatewayWrites() throws {
    let edges = [
      try Self.edge(), try Self.edge(routingKey: "eu"), try Self.edge(type: "é", id: "—", name: "\u{10FFFF}"),
      try Self.edge(id: "/", data: Payload([0xFF])), try Self.edge(data: Payload()),
      try Self.edge(data: Payload("-1.5e-3")), try Self.edge(data: Payload("[\"\\u00e9\\\"\",null,true]")),
      try Self.edge(metadata: "{\"requested_by\":\"é\",\"a\":{\"a\":[{}]}}"), try Self.edge(isErased: true),
      try Self.edge(type: String(repeating: "t", count: 255), id: String(repeating: "i", count: 16)),
    ]
    var decoder = EventDecoder()
    // Twice: then their texts are known.
    for edge in edges + edges {
      for encoding in PayloadEncoding.allCases {
        let line = Self.line(edge, encoding)
        guard case .event(let read) = decoder.usualLine(line, line.indices) else {
          Issue.record("not read: \(text(line))")
          continue
        }
        #expect(read == edge)
      }
    }
    #expect(decoder.usualPage(Self.page(edges))?.edges == edges)
    #expect(decoder.usualPage(Self.page([]))?.edges == [])
  }

  /// Texts with the same first and last eight bytes share a slot.
  @Test func keepsTextsApart() throws {
    var decoder = EventDecoder()
    for middle in ["", "a", "b", "é", "a"] {
      let edge = try Self.edge(id: "12345678\(middle)12345678", name: "12345678\(middle)12345678")
      let line = Self.line(edge)
      guard case .event(let read) = try decoder.line(line, line.indices) else { continue }
      #expect(read == edge)
    }
  }

  /// What replaces what in a line.
  private static let changes: [(String, String)] = [
    // Members: unknown, repeated, missing, in another order, with escapes in their names.
    (",\"metadata\"", ",\"new\":[{\"id\":1}],\"metadata\""), ("{\"id\"", "{\"id\":\"x\",\"id\""),
    (",\"version\":2147483647", ",\"version\":1,\"version\":2147483647"), (",\"version\":2147483647", ""),
    (",\"metadata\":{}", ""), (",\"data\":{\"cents\":1}", ""), (",\"routing_key\":null", ""),
    (",\"data\":{\"cents\":1}", ",\"data\":1,\"data_base64\":\"\""), ("\"version\"", "\"v\\u0065rsion\""),
    (",\"data\":{\"cents\":1}", ",\"erased\":true"), (",\"data\":{\"cents\":1}", ",\"erased\":false"),
    (",\"data\":{\"cents\":1}", ",\"erased\":1"), (",\"data\"", ",\"erased\":true,\"data\""),
    (",\"data\"", ",\"erased\":false,\"data\""), (",\"data\"", ",\"erased\":null,\"data\""),
    (",\"data\":{\"cents\":1},\"metadata\":{}", ",\"erased\":true,\"metadata\":{\"a\":1}"),
    (",\"data\":{\"cents\":1},\"metadata\":{}", ",\"erased\":true"),
    ("\"version\"", "\"Version\""), (",\"name\":", ",\"name\" : "), ("{\"type\":\"event\",", "{"),
    ("\"type\":\"event\"", "\"type\":\"heartbeat\""), ("\"type\":\"event\"", "\"type\":\"notice\""),
    ("\"type\":\"event\"", "\"type\":1"), ("\"type\":\"event\",", "\"type\":\"event\",\"erased\":true,"),
    // Types.
    ("\"bank/Account\"", "1"), ("\"bank/Account\"", "null"), ("\"bank/Account\"", "\"\""), ("null", "\"\""),
    ("null", "1"), ("null", "nul"), (":{}", ":[]"), (":{}", ":{\"a\":1,\"a\":2}"), (":{}", ":{\"a\":1,\"\\u0061\":2}"),
    (":{}", ":null"), ("{\"cents\":1}", "{\"cents\":1,\"cents\":2}"), ("{\"cents\":1}", "{\"cents\":01}"),
    ("{\"cents\":1}", "{\"cents\":1,}"), ("{\"cents\":1}", "\"\\ud800\""), ("{\"cents\":1}", "NaN"),
    ("{\"cents\":1}", " {\"cents\":1} "), ("{\"cents\":1}", "{\"cents\":\n1}"), ("{\"cents\":1}", "\"\t\""),
    ("{\"cents\":1}", String(repeating: "[", count: 128) + String(repeating: "]", count: 128)),
    ("{\"cents\":1}", String(repeating: "[", count: 129) + String(repeating: "]", count: 129)),
    ("\"data\":{\"cents\":1}", "\"data_base64\":\"_w==\""), ("\"data\":{\"cents\":1}", "\"data_base64\":\"/w\""),
    ("\"data\":{\"cents\":1}", "\"data_base64\":\"\\u002fw==\""), ("\"data\":{\"cents\":1}", "\"data_base64\":{}"),
    // Numbers.
    ("2147483647", "2147483648"), ("2147483647", "0"), ("2147483647", "00"), ("2147483647", "01"),
    ("2147483647", "-1"), ("2147483647", "1.0"), ("2147483647", "1e0"), ("2147483647", "\"1\""), ("2147483647", ""),
    ("2147483647", "9223372036854775808"), ("2147483647", String(repeating: "9", count: 400)),
    ("253402300799", "253402300800"), (":999}", ":1000}"), (":999}", ":-0}"),
    // Texts.
    ("MoneyDepositedLately", "Money\\u0044epositedLately"), ("MoneyDepositedLately", "\\ud83d\\ude00"),
    ("MoneyDepositedLately", "\\ud83d"), ("MoneyDepositedLately", "\\x"), ("MoneyDepositedLately", "a\tb"),
    ("MoneyDepositedLately", "a\u{0}b"), ("MoneyDepositedLately", "a\"b"), ("MoneyDepositedLately", "\u{7F}"),
    ("MoneyDepositedLately", String(repeating: "n", count: 256)), (cursor.description, "now"),
    (cursor.description, cursor.description + "A"), (cursor.description, "\\u0041" + cursor.description.dropFirst()),
    (cursor.description, ""), ("\"id\":\"", "\"id\":\"8"), ("\"id\":\"", "\"id\":\"\\u0030"),
    // Around it.
    ("{\"type\"", " {\"type\""), ("{\"type\"", "\u{FEFF}{\"type\""), ("{\"type\"", "{ \"type\""), ("999}}", "999}} "),
    ("999}}", "999}}\r"), ("999}}", "999}}}"), ("999}}", "999}},"), ("999}}", "999}"), ("999}}", "999,}}"),
  ]

  private static func changed() throws -> [[UInt8]] {
    let line = text(line(try edge()))
    var lines = changes.map { change in bytes(line.replacing(change.0, with: change.1, maxReplacements: 1)) }
    // Cut anywhere, and not UTF-8 anywhere.
    for index in line.utf8.indices {
      lines.append(Array(line.utf8[..<index]))
      lines.append(Array(line.utf8[..<index]) + [0xFF] + Array(line.utf8[index...].dropFirst()))
    }
    return lines
  }

  private static func agree(_ left: Result<StreamLine, EventoError>, _ right: Result<StreamLine, EventoError>) -> Bool {
    switch (left, right) {
    case (.success(.event(let left)), .success(.event(let right))): left == right
    case (.success(.heartbeat(let left)), .success(.heartbeat(let right))): left == right
    case (.success(.other), .success(.other)): true
    case (.failure(let left), .failure(let right)): left == right
    default: false
    }
  }

  @Test func readsEveryOtherLineAsTheOtherReaderDoes() throws {
    let other = bytes("\n") + Self.line(try Self.edge(name: "Other")) + bytes("\n")
    var decoder = EventDecoder()
    for line in try Self.changed() {
      let expected = Result { () throws(EventoError) in try StreamLine(json: line) }
      let found = Result { () throws(EventoError) in
        try decoder.line(other + line + other, other.count..<other.count + line.count)
      }
      #expect(Self.agree(expected, found), "\(text(line)): \(expected), \(found)")
    }
  }

  @Test func readsEveryOtherPageAsTheOtherReaderDoes() throws {
    let good = try Self.edge()
    let prefix = "{\"type\":\"event\","
    var pages: [[UInt8]] = []
    for line in try Self.changed() {
      let object = text(line).hasPrefix(prefix) ? "{" + text(line).dropFirst(prefix.utf8.count) : text(line)
      let page = text(Self.page([good]))
      pages.append(bytes(page.replacing("]", with: "," + object + "]", maxReplacements: 1)))
    }
    let page = text(Self.page([good]))
    for (from, to) in [
      ("true", "1"), ("true", "\"true\""), ("false", "fals"), ("\"start_cursor\":null", "\"start_cursor\":\"x\""),
      (",\"end_cursor\"", ",\"more\":1,\"end_cursor\""), ("\"page_info\"", "\"page_inf\\u006f\""), ("[{", "[ {"),
      ("}],", "},],"), ("}],", "} ],"), ("{\"edges\":[", "{\"edges\":[,"), ("{\"edges\":[", "{\"edges\":[1,"),
      ("}}\n", "}"),
      ("}}\n", "}}"), ("}}\n", "}} \r\n"), ("}}\n", "}}x"), ("\"edges\"", "\"edges\":[],\"edges\""),
    ] {
      pages.append(bytes(page.replacing(from, with: to, maxReplacements: 1)))
    }
    for index in page.utf8.indices { pages.append(Array(page.utf8[..<index])) }
    for page in pages {
      var decoder = EventDecoder()
      let expected = Result { () throws(EventoError) in try ReadResponse.page(json: page) }
      let found = Result { () throws(EventoError) in try decoder.page(page) }
      switch (expected, found) {
      case (.success(let expected), .success(let found)): #expect(expected == found, "\(text(page))")
      case (.failure(let expected), .failure(let found)): #expect(expected == found, "\(text(page))")
      default: Issue.record("\(text(page)): \(expected), \(found)")
      }
    }
  }
}
