import ByteCoding
import Testing

@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("", ""), ("plain \"text\" \\ ~", "plain \"text\" \\ ~"), ("a\nb\r\tc", #"a\nb\r\tc"#),
    ("\u{1B}[2J\u{9B}1m\u{7F}\0", #"\u{1B}[2J\u{9B}1m\u{7F}\u{0}"#), ("é 漢 🦊 e\u{301}", "é 漢 🦊 e\u{301}"),
    ("\u{202E}\u{2028}\u{200B}\u{E000}", #"\u{202E}\u{2028}\u{200B}\u{E000}"#),
  ])
  func escapesWhatATerminalInterprets(_ text: String, _ escaped: String) {
    #expect(PrintableText.escaped(text) == escaped)
  }
}
