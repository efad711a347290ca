internal import ByteCoding

// A field's value, or a part of it, as bytes: a value can be as long as a header section, and is read on the event loop.

extension ArraySlice<UInt8> {
  /// The bytes without the blanks at both ends (RFC 9110 §5.6.3).
  var trimmed: ArraySlice<UInt8> {
    var (start, end) = (startIndex, endIndex)
    while start < end, ASCII.isBlank(self[start]) { start += 1 }
    while end > start, ASCII.isBlank(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }

  /// Returns true if the bytes are the given lower-case text, with letters in any case.
  func isEqual(ignoringCase text: [UInt8]) -> Bool {
    guard count == text.count else { return false }
    for (byte, expected) in zip(self, text) {
      guard ASCII.lowercased(byte) == expected else { return false }
    }
    return true
  }
}

extension String {
  /// Returns the number of such bytes.
  func count(of byte: UInt8) -> Int {
    utf8.withContiguousStorageIfAvailable { $0.reduce(0) { $0 + ($1 == byte ? 1 : 0) } }
      ?? utf8.reduce(0) { $0 + ($1 == byte ? 1 : 0) }
  }

  /// True if the text consists of up to the given number of letters, digits, `.`, `_` and `-`, and at least one. It is
  /// then harmless in a header and in the log.
  func isPlain(upTo limit: Int) -> Bool {
    1...limit ~= utf8.count
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }
}
