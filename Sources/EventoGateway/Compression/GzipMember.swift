/// A gzip member (RFC 1952) whose content comes in pieces: the sums of the content up to now.
struct GzipMember: Sendable {
  private var checksum: UInt32 = 0
  /// The size of the content modulo 2^32.
  private var size: UInt32 = 0
  private var hasBegun = false

  /// Returns the bytes of the member for one more piece.
  ///
  /// - Parameters:
  ///   - isLast: True if the content ends with the piece, which can be empty.
  ///   - deflater: `nil` to store the piece as it is.
  mutating func add(_ piece: [UInt8], isLast: Bool, _ zlib: Zlib, _ deflater: Zlib.Deflater?) -> [UInt8] {
    var bytes = hasBegun ? [] : Self.header
    hasBegun = true
    if let deflater {
      // JSON of events shrinks to about a tenth.
      bytes.reserveCapacity(piece.count / 8 + 64)
      deflater.append(piece, isLast: isLast, to: &bytes)
    } else {
      bytes.reserveCapacity(piece.count + 5 * (piece.count / Self.storedBlock) + 64)
      Self.store(piece, isLast: isLast, in: &bytes)
    }
    checksum = zlib.checksum(piece, after: checksum)
    size &+= UInt32(truncatingIfNeeded: piece.count)
    if isLast {
      for number in [checksum, size] {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
      }
    }
    return bytes
  }

  /// Appends blocks that are not compressed (RFC 1951 §3.2.4). They begin at a whole byte, as each piece does.
  private static func store(_ piece: [UInt8], isLast: Bool, in bytes: inout [UInt8]) {
    var rest = piece[...]
    repeat {
      let block = rest.prefix(storedBlock)
      rest = rest.dropFirst(storedBlock)
      bytes.append(isLast && rest.isEmpty ? 1 : 0)
      let length = UInt16(block.count)
      for number in [length, ~length] { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
      bytes += block
    } while !rest.isEmpty
  }

  /// The maximum size of a block that is not compressed.
  private static let storedBlock = Int(UInt16.max)

  /// §2.3: deflate, no optional part, no time, the fastest level, an unknown system.
  private static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 4, 255]
}
