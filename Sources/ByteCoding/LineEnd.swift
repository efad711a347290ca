/// A character that ends a line for some common reader.
///
/// Python's `str.splitlines` has more, all of them control characters (U+000B, U+000C, U+001C to U+001E), which JSON
/// text never contains unescaped (RFC 8259 §7).
package struct LineEnd {
  package enum Character {
    /// CR or LF.
    case control
    /// U+0085.
    case nextLine
    /// U+2028.
    case lineSeparator
    /// U+2029.
    case paragraphSeparator
  }

  package let character: Character
  /// The range of its bytes.
  package let range: Range<Int>

  /// Returns the first one in a part of some UTF-8.
  ///
  /// - Complexity: O(*n*); eight bytes at a time if none of them can start one.
  package static func first(in text: UnsafeRawBufferPointer, _ part: Range<Int>) -> LineEnd? {
    var index = part.lowerBound
    while true {
      while index + 16 <= part.upperBound,
        unusual(text.loadUnaligned(fromByteOffset: index, as: UInt64.self))
          | unusual(text.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self)) == 0
      {
        index += 16
      }
      while index + 8 <= part.upperBound, !mayBeginOne(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) {
        index += 8
      }
      guard index < part.upperBound else { return nil }
      // The last bytes, together with bytes before them.
      if part.upperBound - index < 8, part.count >= 8,
        !mayBeginOne(text.loadUnaligned(fromByteOffset: part.upperBound - 8, as: UInt64.self))
      {
        return nil
      }
      // Check these eight bytes, then continue by eight.
      let end = min(index + 8, part.upperBound)
      while index < end {
        if let character = character(at: index, of: text, upTo: part.upperBound) {
          return LineEnd(character: character, range: index..<index + length(of: character))
        }
        index += 1
      }
    }
  }

  private static func character(at index: Int, of text: UnsafeRawBufferPointer, upTo end: Int) -> Character? {
    switch text[index] {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): .control
    case 0xC2 where index + 1 < end && text[index + 1] == 0x85: .nextLine
    case 0xE2 where index + 2 < end && text[index + 1] == 0x80 && text[index + 2] == 0xA8: .lineSeparator
    case 0xE2 where index + 2 < end && text[index + 1] == 0x80 && text[index + 2] == 0xA9: .paragraphSeparator
    default: nil
    }
  }

  private static func length(of character: Character) -> Int {
    switch character {
    case .control: 1
    case .nextLine: 2
    case .lineSeparator, .paragraphSeparator: 3
    }
  }

  /// Returns whether one of eight bytes is LF, CR, or the first byte of the other three; never false if one is.
  @inline(__always)
  private static func mayBeginOne(_ bytes: UInt64) -> Bool {
    let (ones, tops): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
    guard unusual(bytes) != 0 else { return false }
    // A byte that matches is zero in these. C2 and E2 differ in one bit.
    let (lf, cr, lead) = (bytes ^ ones &* 0x0A, bytes ^ ones &* 0x0D, (bytes | ones &* 0x20) ^ ones &* 0xE2)
    let found = (lf &- ones) & ~lf | (cr &- ones) & ~cr | (lead &- ones) & ~lead
    return found & tops != 0
  }

  /// Returns 0 if eight bytes are ASCII greater than CR, as in most text.
  @inline(__always)
  private static func unusual(_ bytes: UInt64) -> UInt64 {
    // The subtraction sets the top bit of a byte up to CR. Only such a byte takes a borrow from the next one.
    (bytes &- 0x0E0E_0E0E_0E0E_0E0E | bytes) & 0x8080_8080_8080_8080
  }
}
