/// SHA3-256 (FIPS 202): Keccak with a rate of 136 bytes. For ids alone; it makes no claim to constant time.
struct SHA3 {
  /// Bytes that one permutation takes in.
  private static let rate = 136
  private static let digestLength = 32

  private var state = [UInt64](repeating: 0, count: 25)
  private var filled = 0

  mutating func update(_ bytes: some Sequence<UInt8>) {
    for byte in bytes {
      absorb(byte)
      filled += 1
      if filled == Self.rate {
        permute()
        filled = 0
      }
    }
  }

  mutating func finalize() -> [UInt8] {
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

  /// Keccak-f[1600], §3.2 and §3.3; lane (x, y) stands at x + 5y.
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

  /// Where π takes lane 1, where it takes that one, and so on.
  private static let laneOrder = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
  ]

  /// By how much ρ turns each of them: the triangular numbers, modulo 64.
  private static let rotations = (1...24).map { UInt64($0 * ($0 + 1) / 2 % 64) }

  /// The bits that ι flips come out of an eight-bit shift register (§3.2.5).
  private static let roundConstants: [UInt64] = {
    var register: UInt8 = 1
    return (0..<24).map { _ in
      var constant: UInt64 = 0
      for power in 0...6 {
        if register & 1 == 1 { constant |= 1 << ((1 << UInt64(power)) - 1) }
        register = register << 1 ^ (register >> 7 == 1 ? 0x71 : 0)
      }
      return constant
    }
  }()
}
