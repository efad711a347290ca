/// SHA-256 (FIPS 180-4), for tokens: short texts, a few at a time.
///
/// Written here because the one library for it would weigh more than the rest of the gateway together.
package enum SHA256 {
  /// Bytes of a digest.
  package static let length = 32

  package static func digest(_ message: [UInt8]) -> [UInt8] {
    var state = initialState
    for block in padded(message) { compress(block, into: &state) }
    return state.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * $0)) } }
  }

  /// The blocks of 64 bytes (§5.1.1): the message, a one bit, zeros, and its length in bits.
  private static func padded(_ message: [UInt8]) -> [ArraySlice<UInt8>] {
    var bytes = message + [0x80]
    bytes += [UInt8](repeating: 0, count: (120 - bytes.count % 64) % 64)
    withUnsafeBytes(of: (UInt64(message.count) * 8).bigEndian) { bytes += $0 }
    return stride(from: 0, to: bytes.count, by: 64).map { bytes[$0..<$0 + 64] }
  }

  /// §6.2.2.
  private static func compress(_ block: ArraySlice<UInt8>, into state: inout [UInt32]) {
    var words = [UInt32](repeating: 0, count: 64)
    for index in 0..<16 {
      let start = block.startIndex + index * 4
      words[index] = block[start..<start + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }
    for index in 16..<64 {
      let (early, late) = (words[index - 15], words[index - 2])
      let first = rotate(early, 7) ^ rotate(early, 18) ^ early >> 3
      let second = rotate(late, 17) ^ rotate(late, 19) ^ late >> 10
      words[index] = words[index - 16] &+ first &+ words[index - 7] &+ second
    }
    var (a, b, c, d) = (state[0], state[1], state[2], state[3])
    var (e, f, g, h) = (state[4], state[5], state[6], state[7])
    for index in 0..<64 {
      let choice = (e & f) ^ (~e & g)
      let first = h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ constants[index] &+ words[index]
      let majority = (a & b) ^ (a & c) ^ (b & c)
      let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
      (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
    }
    for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
  }

  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    word >> count | word << (32 - count)
  }

  /// §5.3.3 and §4.2.2: the first 32 bits of the fractional parts of the square roots of the first eight primes, and of
  /// the cube roots of the first sixty-four.
  private static let initialState = primes.prefix(8).map { fractionOfRoot(of: $0, power: 2) }
  private static let constants = primes.map { fractionOfRoot(of: $0, power: 3) }

  /// The largest `root` with `root`^`power` <= `number` * 2^(32 * `power`), less its whole part.
  private static func fractionOfRoot(of number: UInt128, power: Int) -> UInt32 {
    let target = number << UInt128(32 * power)
    var root: UInt128 = 0
    for bit in (0..<38).reversed() {
      let candidate = root | 1 << UInt128(bit)
      if (1..<power).reduce(candidate, { value, _ in value * candidate }) <= target { root = candidate }
    }
    return UInt32(truncatingIfNeeded: root)
  }

  private static let primes: [UInt128] = {
    var primes: [UInt128] = []
    var candidate: UInt128 = 2
    while primes.count < 64 {
      if primes.allSatisfy({ candidate % $0 != 0 }) { primes.append(candidate) }
      candidate += 1
    }
    return primes
  }()
}
