/// A Universally Unique Lexicographically Sortable Identifier: 48 bits of Unix milliseconds, then 80 random bits.
///
/// Its text form is 26 characters of Crockford base32 without the look-alikes I, L, O and U; the first one is 0-7.
/// Text is accepted in either case and written in upper case.
public struct ULID: Sendable, Hashable, Comparable, LosslessStringConvertible {
  /// The first eight bytes: 48 bits of milliseconds and 16 random bits.
  package let high: UInt64
  /// The last eight bytes, all random.
  package let low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// A fresh identifier, larger than every one that this process made before (also within one millisecond, and when
  /// the clock steps back).
  public init() {
    self = ULIDGenerator.shared.next()
  }

  /// Reads the 26-character text form, or returns `nil` where it is malformed.
  public init?(_ description: String) {
    self.init(utf8: description.utf8)
  }

  /// Reads the 26-character text form from its bytes, or returns `nil` where it is malformed.
  package init?(utf8 text: some Collection<UInt8>) {
    guard text.count == Self.textLength, let first = text.first, let lead = Self.digit(first), lead < 8 else {
      return nil
    }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for character in text {
      guard let digit = Self.digit(character) else { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(digit)
    }
    self.init(high: high, low: low)
  }

  /// Unix milliseconds at which the identifier was made, as it says itself.
  public var milliseconds: Int64 { Int64(high >> 16) }

  public static func < (left: ULID, right: ULID) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  public var description: String {
    String(unsafeUninitializedCapacity: Self.textLength) { buffer in
      writeText(to: UnsafeMutableRawBufferPointer(buffer))
      return Self.textLength
    }
  }

  /// Writes the text form behind what is there.
  package func append(to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { buffer in
      writeText(to: UnsafeMutableRawBufferPointer(buffer))
      bytes.append(contentsOf: buffer)
    }
  }

  /// Writes the text form.
  ///
  /// - Parameter buffer: room for ``textLength`` bytes at least, which is what is written.
  package func writeText(to buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= Self.textLength, "an identifier has 26 characters")
    let alphabet = Self.alphabet.utf8Start
    var high = high
    var low = low
    var index = Self.textLength
    while index > 0 {
      index -= 1
      buffer[index] = alphabet[Int(low & 31)]
      low = low >> 5 | (high & 31) << 59
      high >>= 5
    }
  }

  package static let textLength = 26
  /// 32 ASCII characters.
  private static var alphabet: StaticString { "0123456789ABCDEFGHJKMNPQRSTVWXYZ" }

  private static func digit(_ character: UInt8) -> UInt8? {
    let value = digits[Int(character)]
    return value == 0xFF ? nil : value
  }

  private static let digits: [UInt8] = {
    var table = [UInt8](repeating: 0xFF, count: 256)
    for (value, character) in alphabet.description.utf8.enumerated() {
      table[Int(character)] = UInt8(value)
      if character >= UInt8(ascii: "A") { table[Int(character) + 32] = UInt8(value) }
    }
    return table
  }()
}
