import ByteCoding
import Testing

@Suite struct JSONScannerTests {
  private func isValue(_ text: String) -> Bool { JSONScanner.isBareValue(Array(text.utf8)) }

  private func parseError(_ text: String, _ members: JSONScanner.MemberRule = .any) -> JSONScanner.ParseError? {
    var scanner = JSONScanner(Array(text.utf8))
    do throws(JSONScanner.ParseError) {
      _ = try scanner.skipValue(members)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "0", "-0", "1.10", "1e400", "-1E+2", "9223372036854775808", "true", "false", "null", "\"\"", "[]", "{}",
    "[ 1 , 2 ]",
    "{\"a\":{\"b\":[]}}", #""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, #""\ud800""#, #""\udc00\ud800""#,
    "\"\u{7F}é\u{10FFFF}\"",
  ])
  func takesJSON(_ text: String) {
    #expect(isValue(text))
  }

  @Test(arguments: [
    "", " ", " 1", "1 ", "01", "+1", "1.", ".5", "1e", "-", "tru", "truex", "nul", "\"", "\"\\\"", "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12g4\"", "\"\t\"", "\"\n\"", "\"\u{0}\"", "[", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}", "{1:1}", "[}", "{]", "// c", "'a'", "NaN", "\u{FEFF}1",
  ])
  func refusesEverythingElse(_ text: String) {
    #expect(!isValue(text))
  }

  /// The Unicode Standard, table 3-7.
  @Test(arguments: [
    [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xEF, 0xBF],
    [0xF0, 0x8F, 0xBF, 0xBF],
    [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xC3, 0x28],
  ])
  func refusesWhatIsNotUTF8(_ bytes: [UInt8]) {
    #expect(!JSONScanner.isBareValue([0x22] + bytes + [0x22]))
  }

  @Test func nestsAsDeepAsItMay() {
    let depth = JSONScanner.maximumDepth
    func nested(_ count: Int) -> String { String(repeating: "[", count: count) + String(repeating: "]", count: count) }
    #expect(parseError(nested(depth)) == nil)
    #expect(parseError(nested(depth + 1))?.kind == .depth && parseError(nested(depth + 1))?.offset == depth)
    #expect(parseError(String(repeating: "[", count: 1_000_000))?.kind == .depth)
  }

  @Test func findsMembersThatStandThereTwice() {
    let many = (0..<100).map { "\"\($0)\":0" }.joined(separator: ",")
    for (text, isRepeated) in [
      (#"{"a":1,"a":2}"#, true), (#"{"a":1,"\u0061":2}"#, true), (#"{"a":{"a":1},"b":{"a":2}}"#, false),
      (#"[{"a":1},{"a":1}]"#, false), (#"{"b":{"a":1,"a":2}}"#, true), ("{\(many)}", false),
      ("{\(many),\"7\":1}", true),
      ("{\"\u{E9}\":1,\"e\u{301}\":2}", false),
    ] {
      #expect(parseError(text, .unique(within: .max))?.kind == (isRepeated ? .repeatedMember : nil), "\(text)")
      #expect(parseError(text) == nil)
      #expect(parseError(text, .unique(within: 2)) == nil)
    }
    #expect(parseError(#"{"a":1,"a":2"#, .unique(within: .max))?.kind == .syntax)
  }

  @Test(
    arguments: [
      (#""\"\\\/\b\f\n\r\t""#, [0x22, 0x5C, 0x2F, 8, 12, 10, 13, 9]),
      (
        #""\u0000\u007f\u0080\u07FF\u0800\uffff""#,
        [0, 0x7F, 0xC2, 0x80, 0xDF, 0xBF, 0xE0, 0xA0, 0x80, 0xEF, 0xBF, 0xBF]
      ),
      (#""\ud83d\ude00""#, [0xF0, 0x9F, 0x98, 0x80]), (#""\ud800\udc00""#, [0xF0, 0x90, 0x80, 0x80]),
      (#""\udbff\udfff""#, [0xF4, 0x8F, 0xBF, 0xBF]), (#""\ud800""#, [0xED, 0xA0, 0x80]),
      (#""\udc00""#, [0xED, 0xB0, 0x80]),
      (#""\ud800x\udc00""#, [0xED, 0xA0, 0x80, 0x78, 0xED, 0xB0, 0x80]),
      (
        #""\ud800\ud83d\ude00""#,
        [0xED, 0xA0, 0x80, 0xF0, 0x9F, 0x98, 0x80]
      ), (#""\ud800\n""#, [0xED, 0xA0, 0x80, 10]),
    ] as [(String, [UInt8])])
  func givesWhatEscapesStandFor(_ text: String, _ expected: [UInt8]) throws {
    var scanner = JSONScanner(Array(text.utf8))
    let (content, isEscaped) = try scanner.skipString()
    #expect(isEscaped && scanner.next == nil && scanner.unescaped(content) == expected)
  }

  /// Eight bytes are looked at together.
  @Test func findsTheEndOfAStringAtEachOffset() throws {
    for length in 0..<40 {
      let content = String(repeating: "x", count: length)
      for (end, isEscaped) in [("", false), ("é", false), ("\\n", true)] {
        var scanner = JSONScanner(Array("\"\(content)\(end)\" ".utf8))
        let string = try scanner.skipString()
        #expect(string.content == 1..<1 + length + end.utf8.count && string.isEscaped == isEscaped)
        #expect(scanner.next == UInt8(ascii: " "))
      }
      #expect(parseError("\"\(content)\u{1}\"")?.offset == length + 1)
      #expect(parseError("\"\(content)")?.offset == length + 1)
    }
  }
}
