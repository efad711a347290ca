import EventoWire
import Testing

/// https://www.w3.org/TR/trace-context/#traceparent-header
@Suite struct TraceParentTests {
  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let parent = "00f067aa0ba902b7"

  @Test(arguments: [
    "00-\(trace)-\(parent)-01", "00-\(trace)-\(parent)-00", "00-\(trace)-\(parent)-ff",
    // Later versions, with and without more at the end: only what is known of them is passed on.
    "01-\(trace)-\(parent)-01", "cc-\(trace)-\(parent)-01-", "fe-\(trace)-\(parent)-01-what-the-future-will-be",
  ]) func takesWhatIsValid(_ text: String) throws {
    let parent = try #require(TraceParent(text))
    #expect(parent.text == "00" + text.prefix(55).dropFirst(2) && parent.traceID == Self.trace)
  }

  @Test(arguments: [
    "", "-", "00", "00-\(trace)-\(parent)", "00-\(trace)-\(parent)-", "00-\(trace)-\(parent)-0",
    // Version 00 has nothing more.
    "00-\(trace)-\(parent)-01-", "00-\(trace)-\(parent)-01.", "00-\(trace)-\(parent)-01-what-the-future",
    "cc-\(trace)-\(parent)-01.what", "cc-\(trace)-\(parent)-0", "ff-\(trace)-\(parent)-01",
    // Upper case.
    "00-\(trace.uppercased())-\(parent)-01", "00-\(trace)-\(parent.uppercased())-01", "0A-\(trace)-\(parent)-01",
    "00-\(trace)-\(parent)-0A",
    // Only zeros.
    "00-00000000000000000000000000000000-\(parent)-01", "00-\(trace)-0000000000000000-01",
    // Other separators, lengths and characters.
    "00_\(trace)-\(parent)-01", "00-\(trace)_\(parent)-01", "00-\(trace)-\(parent)_01", " 00-\(trace)-\(parent)-01",
    "00-\(trace)-\(parent)-01 ", "0-\(trace)-\(parent)-001", "00-\(trace)0-\(parent)-1", "00-\(trace)-\(parent)-.1",
    "..-\(trace)-\(parent)-01", "00-\(trace.dropLast())é-\(parent)-1", "cc-\(trace)-\(parent)-01-\r\nX: 1",
    "cc-\(trace)-\(parent)-01-\u{7F}", "00-\(trace)-\(parent)-01,00-\(trace)-\(parent)-01",
  ]) func ignoresWhatIsNot(_ text: String) {
    #expect(TraceParent(text) == nil)
  }
}
