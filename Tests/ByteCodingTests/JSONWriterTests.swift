import ByteCoding
import Testing

@Suite struct JSONWriterTests {
  private func written(_ body: (inout JSONWriter) -> Void) -> String {
    var writer = JSONWriter(capacity: 0)
    body(&writer)
    return String(decoding: writer.take(), as: UTF8.self)
  }

  private func string(_ text: String) -> String { written { $0.write(string: text) } }

  @Test(arguments: [
    ("", #""""#), ("plain", #""plain""#), ("\"", #""\"""#), ("\\", #""\\""#), ("/", #""/""#), ("\n\r\t", #""\n\r\t""#),
    ("\u{0}\u{8}\u{B}\u{C}\u{1F}", #""\u0000\b\u000b\f\u001f""#),
    ("\u{7F}\u{80}\u{2028}", "\"\u{7F}\u{80}\u{2028}\""),
    ("é e\u{301} 💶", "\"é e\u{301} 💶\""), ("\\u0041", #""\\u0041""#),
  ])
  func escapesWhatMustBe(_ text: String, _ expected: String) {
    #expect(string(text) == expected)
  }

  /// Eight bytes are looked at together.
  @Test func findsWhatNeedsAnEscapeAtEachOffset() {
    for byte in UInt8.min..<0x80 {
      let character = String(Unicode.Scalar(byte))
      for length in [1, 7, 8, 9, 17] {
        for offset in 0..<length {
          let (before, behind) = (
            String(repeating: "é", count: offset), String(repeating: "x", count: length - offset - 1)
          )
          #expect(
            string(before + character + behind) == "\"\(before)\(string(character).dropFirst().dropLast())\(behind)\"")
        }
      }
    }
  }

  @Test func growsFromNothing() {
    let text = String(repeating: "\u{1}x", count: 10_000)
    #expect(string(text) == "\"" + String(repeating: #"\u0001x"#, count: 10_000) + "\"")
    let small = written { writer in for number in 0..<1000 { writer.write(integer: Int64(number)) } }
    #expect(small == (0..<1000).map(String.init).joined())
  }

  @Test func writesEveryKindOfValue() {
    let text = written { writer in
      writer.write(json: "[")
      writer.write(integer: .min)
      writer.write(json: ",")
      writer.write(integer: .max)
      writer.write(json: Array(",".utf8))
      writer.write(boolean: true)
      writer.write(json: ",")
      writer.write(boolean: false)
      writer.write(json: ",")
      writer.write(stringOrNull: nil)
      writer.write(json: ",")
      writer.write(stringOrNull: "\"")
      writer.write(json: ",")
      writer.write(plainString: "abc")
      writer.write(json: ",")
      for bytes in [[0xFB, 0xFF], []] as [[UInt8]] {
        writer.write(upTo: 6) { room in bytes.withUnsafeBytes { room.put(base64: $0) } }
      }
      writer.write(json: "]")
    }
    #expect(text == #"[-9223372036854775808,9223372036854775807,true,false,null,"\"","abc","+/8="""]"#)
  }

  @Test func whatWasWrittenCanBeTakenBack() {
    var writer = JSONWriter()
    #expect(writer.isEmpty)
    writer.write(json: "[1")
    let count = writer.count
    writer.write(json: ",2")
    writer.cut(to: count)
    writer.write(json: "]")
    var other = JSONWriter(capacity: 0)
    other.write(writer, 1..<2)
    #expect(writer.take() == Array("[1]".utf8) && other.take() == Array("1".utf8))
    #expect(writer.isEmpty && writer.take() == [])
  }

  @Test func roomThatIsNotNeededIsNotKept() {
    var writer = JSONWriter(capacity: 1 << 20)
    writer.write(json: "[]")
    let text = writer.take()
    #expect(text == Array("[]".utf8) && text.capacity < 1 << 10)
  }

  @Test(arguments: [
    ("{\r\n\"a\": 1}", "{  \"a\": 1}"), ("\"\u{85}\"", #""\u0085""#), ("\"\u{2028}\u{2029}\"", #""\u2028\u2029""#),
    ("\"\u{84}\u{2027}\u{202A}\"", "\"\u{84}\u{2027}\u{202A}\""), ("[\n\n\n\n\n\n\n\n\n]", "[         ]"), ("", ""),
  ])
  func putsTextOnOneLine(_ text: String, _ expected: String) {
    let line = written { writer in
      writer.write(upTo: 200) { room in
        room.put(json: "\n")
        let start = room.count
        Array(text.utf8).withUnsafeBytes { room.put(json: $0) }
        room.makeOneLine(from: start)
        room.put(json: "\n")
      }
    }
    #expect(line == "\n\(expected)\n")
  }
}
