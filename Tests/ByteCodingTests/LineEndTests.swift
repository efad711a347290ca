import ByteCoding
import Testing

struct LineEndTests {
  private static let characters: [(LineEnd.Character, [UInt8])] = [
    (.control, [0x0A]), (.control, [0x0D]), (.nextLine, [0xC2, 0x85]), (.lineSeparator, [0xE2, 0x80, 0xA8]),
    (.paragraphSeparator, [0xE2, 0x80, 0xA9]),
  ]

  /// Bytes that differ little from those of a line end, or that surround them in a word.
  private static let fillers: [UInt8] = [
    0x00, 0x09, 0x0B, 0x0C, 0x0E, 0x1F, 0x20, 0x61, 0x7F, 0x80, 0x85, 0x8A, 0x8D, 0xA8, 0xA9, 0xC3, 0xE1, 0xE3, 0xFF,
  ]

  private func first(in bytes: [UInt8], _ part: Range<Int>) -> (LineEnd.Character, Range<Int>)? {
    bytes.withUnsafeBytes { LineEnd.first(in: $0, part) }.map { ($0.character, $0.range) }
  }

  /// Returns the first one, found byte by byte.
  private func expected(in bytes: [UInt8], _ part: Range<Int>) -> (LineEnd.Character, Range<Int>)? {
    for index in part {
      for (character, encoding) in Self.characters where bytes[index..<part.upperBound].starts(with: encoding) {
        return (character, index..<index + encoding.count)
      }
    }
    return nil
  }

  /// Words of 8 and 16 bytes, what is left of them, and every place in them.
  @Test(arguments: fillers) func findsEachAtEachPlace(_ filler: UInt8) {
    for length in 0...40 {
      for start in [0, 1, 7] {
        let part = start..<start + length
        let plain = [UInt8](repeating: filler, count: start + length + 3)
        #expect(first(in: plain, part) == nil)
        for (character, encoding) in Self.characters {
          for place in part {
            var bytes = plain
            bytes.replaceSubrange(place..<min(place + encoding.count, bytes.count), with: encoding)
            let found = first(in: bytes, part)
            // One that is only partly inside is none.
            guard place + encoding.count <= part.upperBound else {
              #expect(found == nil)
              continue
            }
            #expect(found?.0 == character && found?.1 == place..<place + encoding.count)
          }
        }
      }
    }
  }

  @Test func findsTheFirstOfSeveral() {
    var random = SystemRandomNumberGenerator()
    let alphabet = Self.fillers + [0x0A, 0x0D, 0xC2, 0xE2, 0x80, 0xA8]
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
        // Mostly what is passed over in long steps.
        Int.random(in: 0..<8, using: &random) > 0 ? 0x61 : alphabet.randomElement(using: &random) ?? 0
      }
      let start = Int.random(in: 0...bytes.count, using: &random)
      let part = start..<Int.random(in: start...bytes.count, using: &random)
      let (found, expected) = (first(in: bytes, part), expected(in: bytes, part))
      #expect(found?.0 == expected?.0 && found?.1 == expected?.1, "\(bytes) \(part)")
    }
  }
}
