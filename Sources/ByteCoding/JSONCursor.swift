/// A place in a JSON text, with a short path for each token as it usually is. Any other token, and each error, is the
/// scanner's.
///
/// It reads through a pointer, without checks that take as long as the rest: ``next`` is 0 at the end of the text, which
/// no token has, so that nothing is skipped there.
struct JSONCursor {
  private let text: [UInt8]
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The index of the next byte.
  private(set) var offset: Int

  /// - Parameter bytes: Those of the text, as long as the cursor is used.
  init(_ text: [UInt8], _ bytes: UnsafeBufferPointer<UInt8>, at offset: Int) {
    (self.text, self.bytes, self.offset) = (text, bytes, offset)
  }

  /// The byte at ``offset``, or 0 at the end.
  @inline(__always)
  var next: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

  var isAtEnd: Bool { offset == bytes.count }

  /// Skips a byte other than 0 if it is the next one.
  @inline(__always)
  mutating func skip(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset &+= 1
    return true
  }

  @inline(__always)
  mutating func skipWhitespace() {
    while JSONScanner.isWhitespace(next) { offset &+= 1 }
  }

  @inline(__always)
  mutating func skipString() throws(JSONScanner.ParseError) -> (content: Range<Int>, isEscaped: Bool, isASCII: Bool) {
    if next == UInt8(ascii: "\"") {
      let start = offset &+ 1
      let end = JSONScanner.endOfPlainCharacters(UnsafeRawBufferPointer(bytes), from: start)
      if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
        offset = end &+ 1
        return (Range(uncheckedBounds: (start, end)), false, true)
      }
    }
    return try scan { scanner throws(JSONScanner.ParseError) in try scanner.scanString() }
  }

  /// Skips the colon after a member's name, with white space around it.
  @inline(__always)
  mutating func skipColon() throws(JSONScanner.ParseError) {
    if !skip(UInt8(ascii: ":")) {
      try scan { scanner throws(JSONScanner.ParseError) in
        try scanner.expect(UInt8(ascii: ":"), ": after a member's name")
      }
    }
    skipWhitespace()
  }

  @inline(__always)
  mutating func skipNumber() throws(JSONScanner.ParseError) {
    if UInt8(ascii: "1")...UInt8(ascii: "9") ~= next {
      var end = offset &+ 1
      while end < bytes.count, ASCII.isDigit(bytes[end]) { end &+= 1 }
      if end == bytes.count || bytes[end] != UInt8(ascii: ".") && bytes[end] | 0x20 != UInt8(ascii: "e") {
        offset = end
        return
      }
    }
    try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipNumber() }
  }

  mutating func skipWord(_ word: StaticString) throws(JSONScanner.ParseError) {
    try scan { scanner throws(JSONScanner.ParseError) in try scanner.skipWord(word) }
  }

  func error(_ detail: String, _ kind: JSONScanner.ParseError.Kind = .syntax) -> JSONScanner.ParseError {
    JSONScanner(text, at: offset).error(detail, kind)
  }

  @inline(never)
  private mutating func scan<Result>(
    _ body: (inout JSONScanner) throws(JSONScanner.ParseError) -> Result
  ) throws(JSONScanner.ParseError) -> Result {
    var scanner = JSONScanner(text, at: offset)
    let result = try body(&scanner)
    offset = scanner.offset
    return result
  }
}
