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

  /// Creates an identifier greater than all that this process has created (also within one millisecond, and when the
  /// clock goes back).
  public init() {
    self = ULIDGenerator.shared.next()
  }

  /// Parses the 26-character text form; returns `nil` if it is malformed.
  public init?(_ description: String) {
    var text = description
    guard let ulid = text.withUTF8({ ULID(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = ulid
  }

  /// Parses the 26-character text form from its bytes; returns `nil` if it is malformed.
  package init?(utf8 text: UnsafeRawBufferPointer) {
    guard text.count == Self.textLength, let lead = Self.digit(text[0]), lead < 8 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for character in text {
      guard let digit = Self.digit(character) else { return nil }
      high = high << 5 | low >> 59
      low = low << 5 | UInt64(digit)
    }
    self.init(high: high, low: low)
  }

  /// The Unix milliseconds in the identifier: the time at which it was created.
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

  /// Appends the text form.
  package func append(to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textLength) { buffer in
      writeText(to: UnsafeMutableRawBufferPointer(buffer))
      bytes.append(contentsOf: buffer)
    }
  }

  /// Writes the text form.
  ///
  /// - Parameter buffer: Has at least ``textLength`` bytes, the number that is written.
  package func writeText(to buffer: UnsafeMutableRawBufferPointer) {
    precondition(buffer.count >= Self.textLength, "an identifier has 26 characters")
    let alphabet = Self.alphabet.utf8Start
    // 130 bits are 26 characters of five: twelve of the lower 60 bits, one of four and one, and 13 of the rest.
    func write(_ bits: UInt64, _ digits: Range<Int>) {
      var bits = bits
      for index in digits.reversed() {
        buffer[index] = alphabet[Int(bits & 31)]
        bits >>= 5
      }
    }
    write(low, 14..<26)
    write(low >> 60 | high << 4, 13..<14)
    write(high >> 1, 0..<13)
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
