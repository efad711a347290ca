import ByteCoding
import Testing

/// The bytes come from the crate bitcode 0.6.9.
@Suite struct BitcodeReaderTests {
  /// A string and three integers of two, eight and four bytes: a cursor of evento.
  @Test(
    arguments: [
      (
        1, 1700000000, 7,
        "1a30314a443030303030303030303030303030303030303030303301000200f153650407"
      ),
      (
        300, 5, 999,
        "1a30314a44303030303030303030303030303030303030303030332c01060502e703"
      ),
      (
        65535, 253402300799, 0,
        "1a30314a4430303030303030303030303030303030303030303033ffff007f41f4ff3a0000000400"
      ),
      (
        2, 70000, 70000,
        "1a30314a4430303030303030303030303030303030303030303033020002701101000070110100"
      ),
      (
        9, 200, 300,
        "1a30314a4430303030303030303030303030303030303030303033090006c8022c01"
      ),
    ] as [(UInt64, UInt64, UInt64, String)])
  func readsIntegers(_ version: UInt64, _ seconds: UInt64, _ subsecond: UInt64, _ bytes: String) throws {
    var reader = BitcodeReader(try #require(Hex.decode(bytes.utf8)))
    #expect(reader.strings(1) == ["01JD0000000000000000000003"])
    #expect(reader.integers(1, size: 2) == [version])
    #expect(reader.integers(1, size: 8) == [seconds])
    #expect(reader.integers(1, size: 4) == [subsecond])
    #expect(reader.isAtEnd)
  }

  /// A string and a map from strings to bytes: metadata of evento. Each packing of bytes is there.
  @Test(arguments: [
    (
      "",
      "1a30314a443030303030303030303030303030303030303030304d00"
    ),
    (
      "EVENTO_REQUESTED_BY=03616461",
      "1a30314a443030303030303030303030303030303030303030304d01134556454e544f5f5245515545535445445f4259040003616461"
    ),
    (
      "b=01020301020301,c=c8c9ca,a=,d=0001010001",
      "1a30314a443030303030303030303030303030303030303030304d040a0f626361640237500001020301020301c8c9ca0001010001"
    ),
    (
      "z=0100020202010001",
      "1a30314a443030303030303030303030303030303030303030304d01017a0808eb0a"
    ),
    (
      "y=0500040302",
      "1a30314a443030303030303030303030303030303030303030304d0101790504950f"
    ),
    (
      "w=030102000303",
      "1a30314a443030303030303030303030303030303030303030304d0101770606270f"
    ),
    (
      "v=0f0e01",
      "1a30314a443030303030303030303030303030303030303030304d0101760302ef01"
    ),
    (
      "u=65666768696a6b",
      "1a30314a443030303030303030303030303030303030303030304d01017507016510325406"
    ),
  ])
  func readsMaps(_ values: String, _ bytes: String) throws {
    var reader = BitcodeReader(try #require(Hex.decode(bytes.utf8)))
    #expect(reader.strings(1) == ["01JD000000000000000000000M"])
    let expected = values.split(separator: ",").map { $0.split(separator: "=", omittingEmptySubsequences: false) }
    #expect(reader.lengths(1) == [expected.count])
    #expect(reader.strings(expected.count) == expected.map { String($0[0]) })
    #expect(reader.byteStrings(expected.count) == expected.compactMap { Hex.decode($0[1].utf8) })
    #expect(reader.isAtEnd)
  }

  /// Lengths from 255 on are integers behind the others.
  @Test func readsLongStrings() {
    let long = [UInt8](repeating: UInt8(ascii: "x"), count: 300)
    var string = BitcodeReader([0xFF, 0x04, 0x2C, 0x01] + long)
    #expect(string.strings(1) == [String(decoding: long, as: UTF8.self)] && string.isAtEnd)
    let bytes = (0..<255).map { UInt8($0) }
    var byteString = BitcodeReader([0xFF, 0x06, 0xFF, 0x00] + bytes)
    #expect(byteString.byteStrings(1) == [bytes] && byteString.isAtEnd)
  }

  @Test func damagedBytesAreNone() {
    for bytes: [UInt8] in [[], [5], [5, 97], [255], [255, 9], [2, 0xFF, 0xFF]] {
      var reader = BitcodeReader(bytes)
      #expect(reader.strings(1) == nil, "\(bytes)")
    }
    var reader = BitcodeReader([255, 0] + [UInt8](repeating: 0xFF, count: 8))
    #expect(reader.lengths(1) == nil)
  }

  /// Whatever the bytes are, it ends without a trap.
  @Test func anyBytes() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40)).map { _ in UInt8.random(in: 0...255, using: &generator) }
      var reader = BitcodeReader(bytes)
      _ = reader.integers(Int.random(in: 0...9), size: [2, 4, 8].randomElement() ?? 2)
      _ = reader.strings(Int.random(in: 0...5))
      _ = reader.byteStrings(Int.random(in: 0...5))
    }
  }
}
