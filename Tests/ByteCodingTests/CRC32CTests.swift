import Testing

@testable import ByteCoding

@Suite struct CRC32CTests {
  /// The check value of the algorithm, and the examples of RFC 3720 §B.4.
  static let examples: [([UInt8], UInt32)] = [
    ([], 0),
    (Array("123456789".utf8), 0xE306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
    ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
    (Array(0..<32), 0x46DD_794E),
    ((0..<32).reversed(), 0x113F_DB5C),
  ]

  @Test(arguments: examples) func ofExamples(_ bytes: [UInt8], _ value: UInt32) {
    var checksum = CRC32C()
    bytes.withUnsafeBytes { checksum.update($0) }
    #expect(checksum.value == value)
    #expect(~bytes.withUnsafeBytes { CRC32C.continued(.max, with: $0) } == value)
  }

  /// By the processor and by tables, with each length and start of the bytes, at once and in two parts.
  @Test func isTheSameByTables() {
    var generator = SystemRandomNumberGenerator()
    let bytes = (0..<300).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    bytes.withUnsafeBytes { bytes in
      for start in 0..<9 {
        for end in start..<bytes.count {
          let part = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
          let middle = start + part.count / 3
          var (whole, halves) = (CRC32C(), CRC32C())
          whole.update(part)
          halves.update(UnsafeRawBufferPointer(rebasing: bytes[start..<middle]))
          halves.update(UnsafeRawBufferPointer(rebasing: bytes[middle..<end]))
          #expect(whole == halves)
          #expect(whole.value == ~CRC32C.continued(.max, with: part))
        }
      }
    }
  }

  @Test func ofText() {
    var checksum = CRC32C()
    checksum.update("1234")
    checksum.update("")
    checksum.update("56789")
    #expect(checksum.value == 0xE306_9283)
    #expect(checksum.signed == Int32(bitPattern: 0xE306_9283))
  }
}
