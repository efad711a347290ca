/// A date with a time and an offset as RFC 3339 (§5.6) writes it.
package struct RFC3339 {
  /// Unix seconds, rounded down. A leap second is the first second of the next minute.
  package let seconds: Int64
  /// The second's fraction, of any number of digits.
  package let fraction: Double
  /// The second's whole milliseconds.
  package let milliseconds: Int

  /// The milliseconds that ``text(milliseconds:)`` takes: 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
  package static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
  private static let secondsADay: Int64 = 86_400

  /// Returns the moment in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`.
  ///
  /// - Parameter milliseconds: since 1970, in ``range``.
  package static func text(milliseconds: Int64) -> String {
    precondition(range.contains(milliseconds), "RFC 3339 has years of four digits")
    let (whole, subsecond) = milliseconds.flooredQuotientAndRemainder(by: 1000)
    let (days, second) = whole.flooredQuotientAndRemainder(by: secondsADay)
    let day = CalendarDay(daysSince1970: days)
    let template: StaticString = "0000-00-00T00:00:00.000Z"
    let length = template.utf8CodeUnitCount
    return String(unsafeUninitializedCapacity: length) { text in
      _ = text.initialize(fromContentsOf: UnsafeBufferPointer(start: template.utf8Start, count: length))
      func put(_ number: Int64, endingAt end: Int) {
        var (rest, index) = (number, end)
        while rest > 0 {
          index -= 1
          text[index] += UInt8(truncatingIfNeeded: rest % 10)
          rest /= 10
        }
      }
      put(day.year, endingAt: 4)
      put(day.month, endingAt: 7)
      put(day.day, endingAt: 10)
      put(second / 3600, endingAt: 13)
      put(second / 60 % 60, endingAt: 16)
      put(second % 60, endingAt: 19)
      put(subsecond, endingAt: 23)
      return length
    }
  }

  /// Reads a moment with any offset and any number of digits in its fraction; `nil` if the text is not one.
  package init?(_ text: String) {
    var text = text
    guard let moment = text.withUTF8({ RFC3339($0) }) else { return nil }
    self = moment
  }

  /// Reads it from UTF-8.
  package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    @inline(__always)
    func number(_ start: Int, _ count: Int, _ allowed: ClosedRange<Int64>) -> Int64? {
      guard start + count <= bytes.count else { return nil }
      var value: Int64 = 0
      for index in start..<start + count {
        guard ASCII.isDigit(bytes[index]) else { return nil }
        value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0"))
      }
      return allowed.contains(value) ? value : nil
    }
    guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] | 0x20 == UInt8(ascii: "t") || bytes[10] == UInt8(ascii: " "), bytes[13] == UInt8(ascii: ":"),
      bytes[16] == UInt8(ascii: ":"), let year = number(0, 4, 0...9999), let month = number(5, 2, 1...12),
      let day = number(8, 2, 1...31), let hour = number(11, 2, 0...23), let minute = number(14, 2, 0...59),
      let second = number(17, 2, 0...60)
    else { return nil }
    var end = 19
    if bytes[end] == UInt8(ascii: ".") {
      end += 1
      while end < bytes.count, ASCII.isDigit(bytes[end]) { end += 1 }
      guard end > 20 else { return nil }
    }
    guard end < bytes.count else { return nil }
    (fraction, milliseconds) = Self.fraction(UnsafeBufferPointer(rebasing: bytes[min(20, end)..<end]))
    var offset: Int64 = 0
    switch bytes[end] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"):
      guard end + 1 == bytes.count else { return nil }
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard end + 6 == bytes.count, bytes[end + 3] == UInt8(ascii: ":"), let hours = number(end + 1, 2, 0...23),
        let minutes = number(end + 4, 2, 0...59)
      else { return nil }
      offset = (bytes[end] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    default: return nil
    }
    let date = CalendarDay(year: year, month: month, day: day)
    // The 30th of February would be a day of March.
    guard day <= 28 || CalendarDay(daysSince1970: date.daysSince1970).day == day else { return nil }
    seconds = date.daysSince1970 * Self.secondsADay + hour * 3600 + minute * 60 + second - offset
  }

  /// Reads the digits of a fraction, which may be none.
  private static func fraction(_ digits: UnsafeBufferPointer<UInt8>) -> (Double, milliseconds: Int) {
    var (number, milliseconds) = (Int64(0), 0)
    for (index, digit) in digits.prefix(15).enumerated() {
      number = number * 10 + Int64(digit - UInt8(ascii: "0"))
      if index == 2 { milliseconds = Int(number) }
    }
    switch digits.count {
    case 1: milliseconds = Int(number) * 100
    case 2: milliseconds = Int(number) * 10
    default: break
    }
    // So few digits are exact, and so is the power of ten: the quotient is the nearest `Double`.
    guard digits.count > 15 else { return (Double(number) / JSONNumber.powersOfTen[digits.count], milliseconds) }
    return (Double("0." + String(decoding: digits, as: UTF8.self)) ?? 0, milliseconds)
  }

  /// Unix seconds with their fraction.
  package var secondsSince1970: Double { Double(seconds) + fraction }
}
