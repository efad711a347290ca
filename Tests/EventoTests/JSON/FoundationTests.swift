import Evento
import Foundation
import Testing

/// `JSONCoder` means the same as Foundation's coders.
@Suite struct FoundationTests {
  private static let texts: [String] = [
    // Scalars of each kind, alone and where others are expected.
    "null", "true", "false", "0", "-0", "1.0", "1.5", "-1e2", "\"\"", "\"a\"", "[]", "{}", "[null]", "[true,1]",
    "[1,\"1\"]",
    // The ranges of integers.
    "[-128,127,255,256,-129,65535,65536,4294967295,9223372036854775807,-9223372036854775808,18446744073709551615]",
    "[9223372036854775808]", "[18446744073709551616]", "[-1]", "[1e2,10e-1,0.0,-0.0]", "[0.5]",
    #"{"a":-128,"b":65535,"c":-2147483648,"d":4294967295,"e":-9223372036854775808,"f":18446744073709551615,"g":0,"h":1}"#,
    #"{"a":-129,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0}"#, #"{"a":0,"b":-1,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0}"#,
    "[170141183460469231731687303715884105727,-170141183460469231731687303715884105728]",
    // Floating-point numbers.
    "[0.1,1e22,1e23,5e-324,1.7976931348623157e308,123456789012345678,9007199254740993]", "[1e400]", "[1e-400]",
    "[1e39]",
    "[16777217,0.1,3.4028235e38,1e-45]", #"["NaN"]"#, #"["Infinity"]"#,
    // Decimals.
    "[1.10,100,0.1e-5,-0,12345678901234567890123456789012345678,1e127]", "[1e400,1]",
    "[1234567890123456789012345678901234567890123]",
    // Strings.
    #"["\ud83d\ude00","\u0000","\/\b\f\n\r\t\"\\"]"#, #"["\ud800"]"#, #"["\udc00\ud800"]"#, #"["\ud800\u0041"]"#,
    "[\"é e\u{301} 💶 \u{7F}\"]",
    // Members.
    #"{"a":1,"a":2,"b":3}"#, #"{"é":1,"e\u0301":2}"#, #"{"\u0061":1}"#, #"{"b":1,"\ud800":2}"#, #"{"":1}"#,
    manyMembers(names: 40), manyMembers(names: 7),
    // Objects with unusual names in each other: the outer one's members are found after the inner one's.
    #"{"é":0,"deep":{"é":{"é":2.5,"x":1},"b":{"ü":1}},"byName":{"é":1,"b":2}}"#,
    // A structure with optionals and Foundation's types.
    #"{"lines":[{"cents":1,"share":0.25,"small":7,"text":"\u00e9\n"},{"cents":2,"share":null}],"status":"open","rate":1.10}"#,
    #"{"at":"2026-11-25T09:44:45.407Z","page":"https://example.org/a?b=c","bytes":"AAECAw==","isPaid":true,"size":1.5}"#,
    #"{"id":"E621E1F8-C36C-495A-93FC-0C247A3E6E5F"}"#, #"{"id":"x"}"#, #"{"page":""}"#, #"{"bytes":"?"}"#,
    #"{"at":true}"#,
    #"{"lines":{}}"#, #"{"lines":[{}]}"#, #"{"lines":[{"cents":"1"}]}"#, #"{"lines":[{"cents":1,"small":256}]}"#,
    #"{"status":"lost"}"#, #"{"status":1}"#, #"{"isPaid":null}"#, #"{"isPaid":0}"#, #"{"rate":"1"}"#, #"{"size":[]}"#,
    #"["2026-11-25T09:44:45Z",817292685.4071]"#, "[null]", #"["2026-11-25"]"#, #"["YQ==","YWI="]"#, #"["YR=="]"#,
    #"["YQ"]"#,
    #"["https://example.org/a%20b","a b","//"]"#, #"["E621E1F8-C36C-495A-93FC-0C247A3E6E5F"]"#,
    // Enumerations with values.
    #"{"cash":{}}"#, #"{"card":{"number":"1","year":2026}}"#, #"{"card":{"number":"1"}}"#,
    #"{"both":{"_0":1,"_1":"x"}}"#,
    #"{"split":{"_0":{"cash":{}},"_1":{"both":{"_0":1}}}}"#, #"{"cash":{},"card":{}}"#, #"{"cheque":{}}"#,
    #"{"cash":1}"#,
    // Dictionaries.
    #"{"byName":{"b":1,"a":2},"byNumber":{"2":["x",null],"10":[]},"byCurrency":{"usd":true},"deep":{"x":{"y":1.5}}}"#,
    #"{"byNumber":{"x":[]}}"#, #"{"byCurrency":{"gbp":true}}"#, #"{"byLevel":[1,5,2,6]}"#, #"{"byLevel":[1,5,2]}"#,
    #"{"byLevel":[3,5]}"#, #"{"byName":{"a":null}}"#,
    // Classes, nested containers, decoders of their own.
    #"{"name":"x","children":[{"children":[]},{"name":null,"children":[{"children":[]}]}]}"#,
    #"{"name":"x","children":[{}]}"#,
    #"{"name":"Tom","lives":9}"#, #"{"lives":9}"#, #"{"name":"Tom"}"#,
    #"{"super":{"name":"Rex"},"toys":["ball"],"owner":{"name":"Ada"}}"#, #"{"super":{"name":"Rex"},"toys":[]}"#,
    #"{"toys":["ball"]}"#, #"{"super":null,"toys":[]}"#, #"{"super":{"name":1},"toys":[]}"#,
    #"{"super":{"name":"Rex"},"toys":[1]}"#,
    #"{"point":{"x":1,"y":2},"rows":[[1,null],[]]}"#, #"{"point":{"x":1},"rows":[[1],2]}"#,
    #"{"point":{"x":1},"rows":[["1"]]}"#,
    #"{"point":{},"rows":[]}"#, #"{"point":1,"rows":[]}"#, #"["x",null]"#, #"["x",1]"#, #"["x"]"#, #"["x","y"]"#,
    #"[{"a":[1,2.5,"x",null,true,{"b":[]}]},-1e2,"\u00e9"]"#,
  ]

  private static func manyMembers(names: Int) -> String {
    let members = (0..<40).map { "\"k\($0 % names)\":\($0)" }
    return "{\(members.joined(separator: ","))}"
  }

  @Test(arguments: texts)
  func meansTheSame(_ text: String) {
    for difference in Shapes.differences(Array(text.utf8)) { Issue.record("\(difference)") }
    for difference in Shapes.differences(Array(" \n\(text)\r\t".utf8)) { Issue.record("\(difference)") }
    for difference in Shapes.differences([0xEF, 0xBB, 0xBF] + text.utf8) { Issue.record("\(difference)") }
  }

  @Test(arguments: [
    "[", "{", "[1,2", "{\"a\":", "[1,]", "{\"a\":1,}", "01", "1.", "tru", "\"", "\"\\x\"", "[1]x", "\u{0}", "[",
  ])
  func whatIsNotJSONIsRefused(_ text: String) {
    for difference in Shapes.differences(Array(text.utf8)) { Issue.record("\(difference)") }
    #expect(throws: DecodingError.self) { try JSONCoder().decode([Int].self, from: Payload(text)) }
  }

  @Test(arguments: [[0x22, 0xFF, 0x22], [0x22, 0xC3, 0x28, 0x22], [0xFF, 0xFE, 0x31, 0x00], []] as [[UInt8]])
  func bytesThatAreNotUTF8AreRefused(_ bytes: [UInt8]) {
    #expect(throws: DecodingError.self) { try JSONCoder().decode(String.self, from: Payload(bytes)) }
  }

  /// Each prefix, and each text with one byte changed, of a text with everything.
  @Test func damagedTextMeansTheSame() {
    let text = Array(
      #"{"lines":[{"cents":1,"share":-2.5e1,"text":"\u00e9"}],"status":"open","rate":1.1,"isPaid":true,"at":null}"#.utf8
    )
    for end in text.indices {
      for difference in Shapes.differences(Array(text[..<end])) { Issue.record("\(difference)") }
      for byte in #"0"\{]-.,"#.utf8 {
        var changed = text
        changed[end] = byte
        for difference in Shapes.differences(changed) { Issue.record("\(difference)") }
      }
    }
  }

  // MARK: Known differences (docs/swift.md)

  @Test func anIntegerIsNotRounded() throws {
    for text in ["[1.0000000000000001]", "[9007199254740993.5]", "[1e-400]"] {
      #expect(throws: DecodingError.self) { try JSONCoder().decode([Int].self, from: Payload(text)) }
      #expect(throws: Never.self) { try JSONDecoder().decode([Int].self, from: Data(text.utf8)) }
    }
    #expect(
      try JSONCoder().decode([Int128].self, from: Payload("[1e30]")) == [1_000_000_000_000_000_000_000_000_000_000])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Int128].self, from: Data("[1e30]".utf8)) }
  }

  @Test func textIsCheckedAsAWhole() {
    for text in [#"{"a":1,}"#, "{\"a\":1,\"b\":01}", "{\"a\":1,\"b\":\"\\n\t\"}"] {
      #expect(throws: DecodingError.self) { try JSONCoder().decode([String: Int?].self, from: Payload(text)) }
    }
    struct First: Decodable { var a: Int }
    let damaged = Array(#"{"a":1,"b":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
    #expect(throws: Never.self) { try JSONDecoder().decode(First.self, from: Data(damaged)) }
    #expect(throws: DecodingError.self) { try JSONCoder().decode(First.self, from: Payload(damaged)) }
  }

  @Test func aByteOrderMarkInAStringIsKept() throws {
    #expect(try JSONCoder().decode([String].self, from: Payload("[\"\u{FEFF}a\"]")).first?.unicodeScalars.count == 2)
  }

  @Test func aDecimalThatIsNotANumberIsRefused() {
    #expect(throws: EncodingError.self) { try JSONCoder().encode([Decimal.nan]) }
  }

  // MARK: Bounds

  @Test func depthIsBounded() throws {
    func nested(_ count: Int) -> Payload {
      Payload(String(repeating: #"{"children":["#, count: count) + String(repeating: "]}", count: count))
    }
    let tree = try JSONCoder().decode(Shapes.Tree.self, from: nested(256))
    #expect(try JSONCoder().encode(tree).bytes == nested(256).bytes)
    #expect(try !JSONCoder().encode(tree).isJSON)
    #expect(try JSONCoder().encode(JSONCoder().decode(Shapes.Tree.self, from: nested(64))).isJSON)
    #expect(throws: DecodingError.self) { try JSONCoder().decode(Shapes.Tree.self, from: nested(257)) }
  }

  @Test func aValueThatContainsItselfIsRefused() {
    final class Loop: Encodable {
      var next: Loop?
    }
    let loop = Loop()
    loop.next = loop
    defer { loop.next = nil }
    #expect(throws: EncodingError.self) { try JSONCoder().encode(loop) }
  }

  @Test func aValueThatEncodesNothingIsRefused() throws {
    struct Nothing: Encodable { func encode(to encoder: any Encoder) {} }
    #expect(throws: EncodingError.self) { try JSONCoder().encode(Nothing()) }
    #expect(try JSONCoder().encode([Nothing()]).text == "[{}]")
  }

  /// A type may encode what it can.
  @Test func aMemberThatCannotBeEncodedIsLeftOut() throws {
    struct Careful: Encodable {
      enum CodingKeys: CodingKey { case ratio, text }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try? container.encode(Double.nan, forKey: .ratio)
        try container.encode("first", forKey: .text)
        var list = container.nestedUnkeyedContainer(forKey: .ratio)
        try? list.encode([1, .infinity])
        #expect(list.count == 0)
        try list.encode([2.0])
        try container.encode("last", forKey: .text)
      }
    }
    #expect(try JSONCoder().encode(Careful()).text == #"{"ratio":[[2]],"text":"last"}"#)
  }

  /// A decoder may be kept, since it keeps its text.
  @Test func aDecoderCanBeUsedLater() throws {
    struct Later: Decodable {
      let decoder: any Decoder
      init(from decoder: any Decoder) { self.decoder = decoder }
    }
    let later = try JSONCoder().decode([String: Later].self, from: Payload(#"{"a":{"name":"x","children":[]}}"#))
    #expect(try later["a"].map { try Shapes.Tree(from: $0.decoder).name } == "x")
    #expect(later["a"]?.decoder.codingPath.map(\.stringValue) == ["a"])
  }

  /// Work grows with the length: each of many elements fails in several ways, and each failure has its path.
  @Test func manyElementsThatAreTriedAsSeveralTypesAreDecoded() throws {
    let text = "[" + String(repeating: #"{"a":["x"]},"#, count: 20_000) + "0]"
    guard case .array(let elements) = try JSONCoder().decode(Shapes.Anything.self, from: Payload(text)) else {
      Issue.record("not an array")
      return
    }
    #expect(elements.count == 20_001 && elements[1] == .object(["a": .array([.string("x")])]))
  }
}
