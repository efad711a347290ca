import ByteCoding
import Testing

@Suite struct JSONTapeTests {
  private func tape(_ text: String) throws -> JSONTape { try JSONTape(Array(text.utf8)) }

  private func parseError(_ text: String) -> JSONScanner.ParseError? {
    do throws(JSONScanner.ParseError) {
      _ = try JSONTape(Array(text.utf8))
      return nil
    } catch {
      return error
    }
  }

  @Test func hasEveryValueWithItsPlace() throws {
    let text = #" {"a" : [ 1 , {"b":"x\n"} , [] ] , "c":true, "é":null} "#
    let tape = try tape(text)
    let kinds: [JSONTape.Kind] = [
      .objectWithUnusualNames, .array, .number, .object, .escapedString, .array, .true, .null,
    ]
    #expect(tape.entries.map(\.kind) == kinds)
    #expect(Array(tape.children(of: 0)) == [1, 6, 7] && Array(tape.children(of: 1)) == [2, 3, 5])
    #expect(Array(tape.children(of: 5)) == [] && tape.count(0) == 3 && tape.count(1) == 3 && tape.count(5) == 0)
    #expect((0..<8).map(tape.parent) == [nil, 0, 1, 1, 3, 1, 0, 0])
    #expect([2, 3, 5].map(tape.position) == [0, 1, 2])
    let bytes = Array(text.utf8)
    #expect(String(decoding: bytes[tape.content(4)], as: UTF8.self) == #"x\n"#)
    #expect(String(decoding: bytes[tape.name(7).content], as: UTF8.self) == "é")
    #expect(tape.end(3) == 5 && tape.end(0) == 8)
  }

  @Test(arguments: ["", "a", "1234567", "12345678", "123456789", "0123456789abcdef"])
  func distinguishesStrings(_ plain: String) throws {
    for (end, kind) in [("", .asciiString), ("é", .string), (#"\n"#, .escapedString)] as [(String, JSONTape.Kind)] {
      let tape = try tape("[\"\(plain)\(end)\",\"\(end)\(plain)\"]")
      #expect(tape.entries.dropFirst().map(\.kind) == [kind, kind])
      #expect(
        tape.content(1).count == plain.utf8.count + end.utf8.count && tape.content(2).count == tape.content(1).count)
    }
  }

  /// Like the scanner, except for the depth and white space at the ends.
  @Test(arguments: [
    "0", "\"\"", "[]", "{}", "[1,2]", "{\"a\":1,\"a\":2}", #"["\ud800"]"#, "[[],{}]", "[{\"a\":[{}]}]", "", " ", "01",
    "1.", "tru", "nulL", "\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", "{\"a\"", "{\"a\":", "{\"a\":1,}",
    "{a:1}", "[}", "{]", "{\"a\" 1}", "\"\t\"", "[1]]", "1 1", "\"\\x\"", "\"\\u12\"", "{\"a\":1 \"b\":2}", "}", "]",
    ",",
  ])
  func takesWhatTheScannerTakes(_ text: String) {
    #expect((parseError(text) == nil) == JSONScanner.isBareValue(Array(text.utf8)))
    #expect((parseError(" \n\(text)\t") == nil) == JSONScanner.isBareValue(Array(text.utf8)))
    #expect((parseError("\u{FEFF}\(text)") == nil) == JSONScanner.isBareValue(Array(text.utf8)))
  }

  @Test func boundsTheDepth() {
    func nested(_ count: Int) -> String { String(repeating: "[", count: count) + String(repeating: "]", count: count) }
    #expect(parseError(nested(JSONTape.maximumDepth)) == nil)
    #expect(parseError(nested(JSONTape.maximumDepth + 1))?.kind == .depth)
    #expect(parseError(String(repeating: "{\"a\":", count: 1_000_000))?.kind == .depth)
  }
}
