/// Moments as text of ISO 8601, in the form of RFC 3339.
enum ISO8601 {
  /// 0001-01-01T00:00:00.000Z to 9999-12-31T23:59:59.999Z.
  private static let milliseconds: ClosedRange<Double> = -62_135_596_800_000...253_402_300_799_999
  private static let secondsADay: Int64 = 86_400

  /// Returns the moment in UTC, rounded to the millisecond, or `nil` if its year has not four digits.
  static func text(secondsSince1970 seconds: Double) -> String? {
    let rounded = (seconds * 1000).rounded()
    guard milliseconds.contains(rounded) else { return nil }
    let (whole, subsecond) = Int64(rounded).flooredQuotientAndRemainder(by: 1000)
    let (days, second) = whole.flooredQuotientAndRemainder(by: secondsADay)
    let day = CalendarDay(daysSince1970: days)
    return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))T"
      + "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2)).\(padded(subsecond, 3))Z"
  }

  /// Reads a date with a time and an offset (RFC 3339 §5.6), with any number of digits in the fraction.
  ///
  /// - Returns: `nil` if it is not one.
  static func secondsSince1970(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>, _ allowed: ClosedRange<Int64>) -> Int64? {
      guard range.upperBound <= bytes.count, bytes[range].allSatisfy(JSONScanner.isDigit) else { return nil }
      let value = bytes[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
      return allowed.contains(value) ? value : nil
    }
    guard bytes.count >= 20, zip([4, 7, 13, 16], "--::".utf8).allSatisfy({ bytes[$0] == $1 }),
      "Tt ".utf8.contains(bytes[10]), let year = number(0..<4, 0...9999), let month = number(5..<7, 1...12),
      let day = number(8..<10, 1...31), let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59),
      // A leap second is the first one of the next minute.
      let second = number(17..<19, 0...60)
    else { return nil }
    var end = 19
    var fraction = 0.0
    if bytes[19] == UInt8(ascii: ".") {
      end = bytes[20...].firstIndex { !JSONScanner.isDigit($0) } ?? bytes.count
      guard end > 20, let value = Double("0." + String(decoding: bytes[20..<end], as: UTF8.self)) else { return nil }
      fraction = value
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
    return Double(date.daysSince1970 * secondsADay + hour * 3600 + minute * 60 + second - offset) + fraction
  }

  private static func padded(_ number: Int64, _ length: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, length - digits.count)) + digits
  }
}
