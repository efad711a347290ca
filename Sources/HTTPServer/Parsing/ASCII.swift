/// Classes of bytes, each one look-up in a table.
enum ASCII {
  struct Class: OptionSet {
    let rawValue: UInt8
    /// `tchar` (RFC 9110 §5.6.2).
    static let token = Class(rawValue: 1)
    /// What a path may hold, `%` included (RFC 3986 §3.3), and `[`, `]`, `|`, which browsers do not encode there.
    static let path = Class(rawValue: 2)
    /// What a query may hold: a path's bytes, `?`, and what browsers do not encode there.
    static let query = Class(rawValue: 4)
    /// What a host's name may hold: the unreserved characters of RFC 3986 §2.3.
    static let host = Class(rawValue: 8)
  }

  private static let classes: [Class] = (0...255).map { value in
    let byte = UInt8(value)
    var found: Class = []
    let isAlphanumeric = isLetter(byte) || isDigit(byte)
    if isAlphanumeric || "!#$%&'*+-.^_`|~".utf8.contains(byte) { found.insert(.token) }
    if isAlphanumeric || "-._~!$&'()*+,;=:@/%[]|".utf8.contains(byte) { found.formUnion([.path, .query]) }
    if "?{}\\^`".utf8.contains(byte) { found.insert(.query) }
    if isAlphanumeric || "-._~".utf8.contains(byte) { found.insert(.host) }
    return found
  }

  static func isIn(_ class: Class, _ byte: UInt8) -> Bool {
    classes[Int(byte)].contains(`class`)
  }

  static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
  }

  /// HTAB and SP, the white space of RFC 9110 §5.6.3.
  static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
  }

  /// Whether the byte may be in neither a line of a head nor a field's value (RFC 9110 §5.5).
  static func isControl(_ byte: UInt8) -> Bool {
    byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7F
  }

  static func lowercased(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
  }

  static func hexValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Span<UInt8> {
  /// The position of the first such byte.
  func firstIndex(of byte: UInt8, in range: Range<Int>) -> Int? {
    for index in range where self[index] == byte { return index }
    return nil
  }

  func allSatisfy(in range: Range<Int>, _ condition: (UInt8) -> Bool) -> Bool {
    for index in range where !condition(self[index]) { return false }
    return true
  }

  /// Whether the bytes are that text, which is in lower case, whatever the case of their letters.
  func isEqual(_ range: Range<Int>, toLowercase text: StaticString) -> Bool {
    guard range.count == text.utf8CodeUnitCount else { return false }
    // The bytes of a literal live for ever.
    let wanted = UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    for (offset, byte) in wanted.enumerated() where ASCII.lowercased(self[range.lowerBound + offset]) != byte {
      return false
    }
    return true
  }

  /// The range without the blanks at its ends.
  func trimmed(_ range: Range<Int>) -> Range<Int> {
    var (start, end) = (range.lowerBound, range.upperBound)
    while start < end, ASCII.isBlank(self[start]) { start += 1 }
    while end > start, ASCII.isBlank(self[end - 1]) { end -= 1 }
    return start..<end
  }

  /// The bytes as text. Bytes that are not UTF-8 are opaque data (RFC 9110 §5.5), of which each becomes one character.
  func text(_ range: Range<Int>) -> String {
    extracting(range).withUnsafeBufferPointer { bytes in
      String(validating: bytes, as: UTF8.self)
        ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
    }
  }

  /// The beginning of a piece of the input, for a fault's text.
  func quoted(_ range: Range<Int>) -> String {
    let shown = range.prefix(60).map { index in
      let byte = self[index]
      return byte < 0x20 || byte >= 0x7F || byte == UInt8(ascii: "\"") ? "?" : String(Unicode.Scalar(byte))
    }
    return "\"" + shown.joined() + (range.count > 60 ? "…\"" : "\"")
  }
}
