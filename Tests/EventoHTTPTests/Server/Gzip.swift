/// Just enough of RFC 1952 and RFC 1951 to make responses with.
enum Gzip {
  private static let head: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]

  /// A text as one stored block (RFC 1951 §3.2.4).
  static func stored(_ text: [UInt8]) -> [UInt8]? {
    guard let length = UInt16(exactly: text.count) else { return nil }
    return head + [1] + bytes(length) + bytes(~length) + text + bytes(crc(text)) + bytes(UInt32(text.count))
  }

  /// Zeros, about 66 KB for each 70 bytes or so: a stored zero, then matches of 258 bytes at distance 1 with the fixed
  /// codes (RFC 1951 §3.2.6). The checksum at the end is left out: nobody should get that far.
  static func zeros(blocks: Int) -> [UInt8] {
    var bits = Bits()
    for _ in 0..<blocks {
      bits.append(0b0, 1)
      bits.append(0b01, 2)
      // The literal 0: 8 bits from 00110000, most significant first.
      bits.appendCode(0b0011_0000, 8)
      for _ in 0..<256 {
        // The length 258 is code 285, 8 bits: 11000101; the distance 1 is code 0, 5 bits.
        bits.appendCode(0b1100_0101, 8)
        bits.appendCode(0, 5)
      }
      // End of block: code 256, 7 bits.
      bits.appendCode(0, 7)
    }
    return head + bits.bytes
  }

  private struct Bits {
    var bytes: [UInt8] = []
    private var used = 8

    mutating func append(_ value: Int, _ count: Int) {
      for bit in 0..<count {
        if used == 8 {
          bytes.append(0)
          used = 0
        }
        bytes[bytes.count - 1] |= UInt8(value >> bit & 1) << UInt8(used)
        used += 1
      }
    }

    /// Huffman codes go most significant bit first (RFC 1951 §3.1.1).
    mutating func appendCode(_ code: Int, _ count: Int) {
      for bit in (0..<count).reversed() { append(code >> bit & 1, 1) }
    }
  }

  private static func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0 as UInt32) { crc, byte in
      (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
  }
}
