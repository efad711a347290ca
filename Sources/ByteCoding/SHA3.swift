/// SHA3-256 (FIPS 202): Keccak with a rate of 136 bytes. Only for ids: it is not constant-time.
package struct SHA3 {
  /// The number of bytes that one permutation absorbs.
  private static let rate = 136
  private static let digestLength = 32

  private var state = [UInt64](repeating: 0, count: 25)
  private var filled = 0

  package init() {}

  package mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      absorb(byte)
      filled += 1
      if filled == Self.rate {
        permute()
        filled = 0
      }
    }
  }

  package mutating func finalize() -> [UInt8] {
    // The suffix 01 of SHA-3 (§6.1) and the padding 10*1 (§5.1), least significant bit first.
    absorb(0x06)
    filled = Self.rate - 1
    absorb(0x80)
    permute()
    return (0..<Self.digestLength).map { UInt8(truncatingIfNeeded: state[$0 / 8] >> (8 * UInt64($0 % 8))) }
  }

  private mutating func absorb(_ byte: UInt8) {
    state[filled / 8] ^= UInt64(byte) << (8 * UInt64(filled % 8))
  }

  /// Keccak-f[1600], §3.2 and §3.3; lane (x, y) has the index x + 5y.
  private mutating func permute() {
    for constant in Self.roundConstants {
      // θ
      var parity = [UInt64](repeating: 0, count: 5)
      for lane in 0..<25 { parity[lane % 5] ^= state[lane] }
      for lane in 0..<25 {
        state[lane] ^= parity[(lane + 4) % 5] ^ Self.rotated(parity[(lane + 1) % 5], by: 1)
      }
      // ρ and π
      var moved = state[1]
      for (target, offset) in zip(Self.laneOrder, Self.rotations) {
        (state[target], moved) = (Self.rotated(moved, by: offset), state[target])
      }
      // χ
      for row in stride(from: 0, to: 25, by: 5) {
        let lanes = Array(state[row..<row + 5])
        for x in 0..<5 { state[row + x] = lanes[x] ^ (~lanes[(x + 1) % 5] & lanes[(x + 2) % 5]) }
      }
      // ι
      state[0] ^= constant
    }
  }

  private static func rotated(_ lane: UInt64, by offset: UInt64) -> UInt64 {
    lane << offset | lane >> (64 - offset)
  }

  /// The lane to which π moves lane 1, the one to which it moves that, and so on.
  private static let laneOrder = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
  ]

  /// The number of bits by which ρ rotates each of them (§3.2.2).
  private static let rotations: [UInt64] = [
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
  ]

  /// The bits that ι flips (§3.2.5).
  private static let roundConstants: [UInt64] = [
    0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808A, 0x8000_0000_8000_8000,
    0x0000_0000_0000_808B, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
    0x0000_0000_0000_008A, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000A,
    0x0000_0000_8000_808B, 0x8000_0000_0000_008B, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
    0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800A, 0x8000_0000_8000_000A,
    0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
  ]
}
