internal import CChecksum

/// The checksum CRC-32C (Castagnoli), as iSCSI has it: RFC 3720 §12.1, with examples in §B.4.
///
/// It finds each change of up to 32 consecutive bits, and of any others all but one in four billion. It is no protection
/// against a change on purpose.
package struct CRC32C: Sendable, Hashable {
  private var state: UInt32 = .max

  package init() {}

  /// The checksum of all bytes so far.
  package var value: UInt32 { ~state }

  /// The same as a signed number, which a database stores in four bytes.
  package var signed: Int32 { Int32(bitPattern: value) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    state =
      Self.isInProcessor
      ? evento_continue_crc32c(state, bytes.baseAddress, bytes.count) : Self.continued(state, with: bytes)
  }

  package mutating func update(_ text: String) {
    var text = text
    text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
  }

  private static let isInProcessor = evento_has_crc32c()

  // MARK: For processors without the instructions

  /// Continues with eight bytes at a time ("slicing by 8", https://doi.org/10.1109/TC.2008.85).
  static func continued(_ state: UInt32, with bytes: UnsafeRawBufferPointer) -> UInt32 {
    tables.withUnsafeBufferPointer { tables in
      var state = state
      var index = 0
      while bytes.count - index >= 8 {
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)) ^ UInt64(state)
        state = 0
        for byte in 0..<8 {
          state ^= tables[(7 - byte) << 8 | Int(word >> UInt64(8 * byte) & 0xFF)]
        }
        index += 8
      }
      while index < bytes.count {
        state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[index])) & 0xFF)]
        index += 1
      }
      return state
    }
  }

  /// Eight tables of 256 numbers: what a byte contributes if so many others follow it.
  private static let tables: [UInt32] = {
    // The polynomial with its bits reversed.
    let polynomial: UInt32 = 0x82F6_3B78
    var tables = (0..<256 as Range<UInt32>).map { byte in
      (0..<8).reduce(byte) { state, _ in state & 1 == 0 ? state >> 1 : state >> 1 ^ polynomial }
    }
    for index in 256..<2048 {
      let before = tables[index - 256]
      tables.append(before >> 8 ^ tables[Int(before & 0xFF)])
    }
    return tables
  }()
}
