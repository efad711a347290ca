/// Reads numbers of JSON text (RFC 8259 §6) exactly.
///
/// Each function takes the text of a number that ``JSONScanner/skipNumber()`` accepts.
package enum JSONNumber {
  /// Returns an integer, or `nil` if the number is not one, or is out of the type's range. `1.0` and `10e-1` are 1.
  ///
  /// - Complexity: O(*n*) in the length of the text.
  package static func integer<Value: FixedWidthInteger>(_ text: Span<UInt8>) -> Value? {
    if let short = shortInteger(text) { Value(exactly: short) } else { exactInteger(text) }
  }

  /// Returns an integer of up to 19 digits that fits, or `nil` for any other number: most integers, by a function that is
  /// not generic.
  package static func shortInteger(_ text: Span<UInt8>) -> Int64? {
    let isNegative = text[0] == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    // 19 digits always fit 64 bits.
    guard text.count - index <= 19 else { return nil }
    var magnitude: UInt64 = 0
    while index < text.count {
      guard ASCII.isDigit(text[index]) else { return nil }
      magnitude = magnitude &* 10 &+ UInt64(text[index] &- UInt8(ascii: "0"))
      index += 1
    }
    guard isNegative else { return Int64(exactly: magnitude) }
    // 0 - 2^63 is in range.
    return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
  }

  /// Returns the same for any number: long, with a fraction or an exponent.
  private static func exactInteger<Value: FixedWidthInteger>(_ text: Span<UInt8>) -> Value? {
    var (digits, exponent) = Decimal(text).normalized
    guard !digits.isEmpty else { return 0 }
    // 2^128 has 39 digits.
    guard exponent >= 0, digits.count + exponent <= 39 else { return nil }
    digits += [UInt8](repeating: 0, count: exponent)
    let isNegative = text[0] == UInt8(ascii: "-")
    var value: Value = 0
    for digit in digits {
      let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflows) =
        isNegative
        ? tens.subtractingReportingOverflow(Value(digit)) : tens.addingReportingOverflow(Value(digit))
      guard !isTooLarge, !overflows else { return nil }
      value = sum
    }
    return value
  }

  /// Returns the nearest `Double`, or `nil` if the number is too large for one, or not zero but too small.
  package static func double(_ text: Span<UInt8>) -> Double? {
    shortDouble(text) ?? floatingPoint(text)
  }

  /// Returns the nearest `Float`, or `nil` if the number is too large for one, or not zero but too small.
  package static func float(_ text: Span<UInt8>) -> Float? {
    floatingPoint(text)
  }

  /// Returns a number of few digits: a whole number up to 2^53 and a power of ten up to 10^22 are exact, so that one
  /// multiplication or division, which rounds correctly, gives the nearest value (Clinger, "How to Read Floating Point
  /// Numbers Accurately", 1990).
  private static func shortDouble(_ text: Span<UInt8>) -> Double? {
    var (significand, exponent): (UInt64, Int) = (0, 0)
    let isNegative = text[0] == UInt8(ascii: "-")
    var index = isNegative ? 1 : 0
    // 19 digits always fit.
    guard text.count - index <= 19 else { return nil }
    var isFraction = false
    while index < text.count {
      let byte = text[index]
      if ASCII.isDigit(byte) {
        significand = significand &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
        if isFraction { exponent += 1 }
      } else if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        return nil
      }
      index += 1
    }
    guard significand <= 1 << 53, exponent < powersOfTen.count else { return nil }
    let value = Double(significand) / powersOfTen[exponent]
    return isNegative ? -value : value
  }

  /// Those that a `Double` has exactly.
  static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  private static func floatingPoint<Value: BinaryFloatingPoint & LosslessStringConvertible>(
    _ text: Span<UInt8>
  ) -> Value? {
    let string = text.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    guard let value = Value(string), value.isFinite, value != 0 || Decimal(text).isZero else { return nil }
    return value
  }

  /// A number as digits and a power of ten.
  private struct Decimal {
    /// 0 to 9 each, without the point.
    private(set) var digits: [UInt8] = []
    private var exponent = 0

    init(_ text: Span<UInt8>) {
      var index = text[0] == UInt8(ascii: "-") ? 1 : 0
      var isFraction = false
      while index < text.count, text[index] | 0x20 != UInt8(ascii: "e") {
        if text[index] == UInt8(ascii: ".") {
          isFraction = true
        } else {
          digits.append(text[index] - UInt8(ascii: "0"))
          if isFraction { exponent -= 1 }
        }
        index += 1
      }
      guard index < text.count else { return }
      index += 1
      let isNegative = text[index] == UInt8(ascii: "-")
      if isNegative || text[index] == UInt8(ascii: "+") { index += 1 }
      // Larger than the length of any text, so that a larger one would change nothing.
      var power = 0
      while index < text.count {
        power = min(power * 10 + Int(text[index] - UInt8(ascii: "0")), 1 << 40)
        index += 1
      }
      exponent += isNegative ? -power : power
    }

    var isZero: Bool { digits.allSatisfy { $0 == 0 } }

    /// The number without zeros at the beginning and the end.
    var normalized: (digits: [UInt8], exponent: Int) {
      let first = digits.firstIndex { $0 != 0 } ?? digits.endIndex
      let end = (digits.lastIndex { $0 != 0 } ?? -1) + 1
      guard first < end else { return ([], 0) }
      return (Array(digits[first..<end]), exponent + digits.count - end)
    }
  }
}
