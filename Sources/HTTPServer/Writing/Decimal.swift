/// Numbers as text.
enum Decimal {
  /// Appends a number that is not negative, in decimal digits.
  static func append(_ value: Int, to output: inout [UInt8]) {
    append(UInt(value), radix: 10, to: &output)
  }

  /// Appends a number with lower-case digits; the radix is 2 at least and 36 at most.
  static func append(_ value: UInt, radix: UInt, to output: inout [UInt8]) {
    var divisor: UInt = 1
    while value / divisor >= radix { divisor *= radix }
    while divisor > 0 {
      let digit = UInt8(truncatingIfNeeded: value / divisor % radix)
      output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      divisor /= radix
    }
  }
}
