/// A date with a time and an offset as RFC 3339 (§5.6) writes it.
package struct RFC3339 {
  /// Unix seconds, rounded down. A leap second is the first second of the next minute.
  package let seconds: Int64
  /// The digits of the second's fraction, as many as the text has.
  package let fraction: String

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
    return "\(String(day.year, digits: 4))-\(String(day.month, digits: 2))-\(String(day.day, digits: 2))T"
      + "\(String(second / 3600, digits: 2)):\(String(second / 60 % 60, digits: 2)):\(String(second % 60, digits: 2))."
      + "\(String(subsecond, digits: 3))Z"
  }

  /// Reads a moment with any offset and any number of digits in its fraction; `nil` if the text is not one.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>, _ allowed: ClosedRange<Int64>) -> Int64? {
      guard range.upperBound <= bytes.count, let value = Int64(digits: bytes[range]) else { return nil }
      return allowed.contains(value) ? value : nil
    }
    guard bytes.count >= 20, zip([4, 7, 13, 16], "--::".utf8).allSatisfy({ bytes[$0] == $1 }),
      "Tt ".utf8.contains(bytes[10]), let year = number(0..<4, 0...9999), let month = number(5..<7, 1...12),
      let day = number(8..<10, 1...31), let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59),
      let second = number(17..<19, 0...60)
    else { return nil }
    var end = 19
    if bytes[end] == UInt8(ascii: ".") {
      end = bytes[20...].firstIndex { !ASCII.isDigit($0) } ?? bytes.count
      guard end > 20 else { return nil }
    }
    guard end < bytes.count else { return nil }
    var offset: Int64 = 0
    switch bytes[end] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"):
      guard end + 1 == bytes.count else { return nil }
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard end + 6 == bytes.count, bytes[end + 3] == UInt8(ascii: ":"), let hours = number(end + 1..<end + 3, 0...23),
        let minutes = number(end + 4..<end + 6, 0...59)
      else { return nil }
      offset = (bytes[end] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3600 + minutes * 60)
    default: return nil
    }
    let date = CalendarDay(year: year, month: month, day: day)
    // The 30th of February would be a day of March.
    guard CalendarDay(daysSince1970: date.daysSince1970).day == day else { return nil }
    seconds = date.daysSince1970 * Self.secondsADay + hour * 3600 + minute * 60 + second - offset
    fraction = String(decoding: bytes[min(20, end)..<end], as: UTF8.self)
  }

  /// Unix seconds with their fraction.
  package var secondsSince1970: Double {
    Double(seconds) + (fraction.isEmpty ? 0 : Double("0." + fraction) ?? 0)
  }
}
