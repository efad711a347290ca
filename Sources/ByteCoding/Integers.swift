extension Int64 {
  /// Parses an integer in decimal digits: no sign, point or exponent. Leading zeros, which JSON does not allow but a
  /// shell loop may produce in a query, are ignored.
  @inlinable
  package init?(digits text: some Collection<UInt8>) {
    guard !text.isEmpty else { return nil }
    var number: Int64 = 0
    for byte in text {
      guard ASCII.isDigit(byte) else { return nil }
      let (tens, tooMany) = number.multipliedReportingOverflow(by: 10)
      let (sum, tooLarge) = tens.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
      guard !tooMany, !tooLarge else { return nil }
      number = sum
    }
    self = number
  }

  /// The length of the longest text, -9223372036854775808.
  @inlinable package static var maximumTextLength: Int { 20 }

  /// Writes the number in decimal digits.
  ///
  /// - Parameter text: Has room for ``maximumTextLength`` bytes.
  /// - Returns: The number of bytes.
  @inline(__always)
  package func writeText(to text: UnsafeMutableRawBufferPointer) -> Int {
    let length = Self.maximumTextLength
    precondition(text.count >= length, "an integer has up to 20 characters")
    // From the last digit on.
    let start = text.baseAddress.unsafelyUnwrapped
    var rest = magnitude
    let end = (self < 0 ? 1 : 0) + Self.digitCount(rest)
    var index = end
    let pairs = Self.pairs.utf8Start
    while rest >= 100 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      index -= 2
      (start + index).copyMemory(from: pairs + 2 * Int(pair), byteCount: 2)
      rest = quotient
    }
    if rest >= 10 {
      index -= 2
      (start + index).copyMemory(from: pairs + 2 * Int(rest), byteCount: 2)
    } else {
      index -= 1
      start.storeBytes(of: UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest), toByteOffset: index, as: UInt8.self)
    }
    if self < 0 { start.storeBytes(of: UInt8(ascii: "-"), as: UInt8.self) }
    return end
  }

  private static func digitCount(_ number: UInt64) -> Int {
    var (count, bound) = (1, UInt64(10))
    while number >= bound {
      count += 1
      guard count < 20 else { break }
      bound *= 10
    }
    return count
  }

  /// 00 to 99.
  private static let pairs: StaticString =
    """
    0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
    5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
    """
}

extension [UInt8] {
  /// Appends a number in decimal digits.
  package mutating func append(integer: Int64) {
    withUnsafeTemporaryAllocation(byteCount: Int64.maximumTextLength, alignment: 1) { text in
      append(contentsOf: text[..<integer.writeText(to: text)])
    }
  }

  /// Appends a number in lower-case hexadecimal digits.
  package mutating func append(hex number: UInt) {
    let digits = Swift.max(1, (UInt.bitWidth - number.leadingZeroBitCount + 3) / 4)
    for index in (0..<digits).reversed() { append(Hex.digit(UInt8(number >> (4 * index) & 15))) }
  }
}

extension String {
  /// Creates the decimal digits of a number that is not negative, with leading zeros up to a minimum number of digits.
  package init(_ number: Int64, digits least: Int) {
    let digits = String(number)
    self = String(repeating: "0", count: Swift.max(0, least - digits.count)) + digits
  }
}
