extension String {
  /// The number of such bytes.
  func count(of byte: UInt8) -> Int {
    utf8.withContiguousStorageIfAvailable { $0.reduce(0) { $0 + ($1 == byte ? 1 : 0) } }
      ?? utf8.reduce(0) { $0 + ($1 == byte ? 1 : 0) }
  }
}

/// A field's value, or a part of it, by its bytes: a value may be as long as a header section, and is looked at on the event
/// loop.
extension ArraySlice<UInt8> {
  /// The bytes without the blanks at both ends (RFC 9110 §5.6.3).
  var trimmed: ArraySlice<UInt8> {
    var (start, end) = (startIndex, endIndex)
    while start < end, Self.isBlank(self[start]) { start += 1 }
    while end > start, Self.isBlank(self[end - 1]) { end -= 1 }
    return self[start..<end]
  }

  /// Whether the bytes are that text, which is in lower case, whatever the case of their letters.
  func isEqual(ignoringCase text: [UInt8]) -> Bool {
    guard count == text.count else { return false }
    for (byte, wanted) in zip(self, text) {
      guard (0x41...0x5A ~= byte ? byte | 0x20 : byte) == wanted else { return false }
    }
    return true
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
