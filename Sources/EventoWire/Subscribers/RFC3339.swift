package import Evento

extension Timestamp {
  /// As RFC 3339 has it, in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`. Of a moment before 1970 or after 9999 the
  /// nearest one within: RFC 3339 has years of four digits.
  package var rfc3339: String {
    let (days, rest) = clamped.milliseconds.quotientAndRemainder(dividingBy: Self.millisecondsADay)
    let day = CalendarDay(daysSince1970: days)
    let (seconds, subsecond) = rest.quotientAndRemainder(dividingBy: 1000)
    func padded(_ number: Int64, _ length: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, length - digits.count)) + digits
    }
    return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))T"
      + "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))."
      + "\(padded(subsecond, 3))Z"
  }

  /// Reads what ``rfc3339`` writes, with any number of digits, or none, in the fraction.
  package init?(rfc3339 text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"),
      zip([4, 7, 10, 13, 16], "--T::".utf8).allSatisfy({ bytes[$0] == $1 })
    else { return nil }
    func number(_ range: Range<Int>, _ allowed: ClosedRange<Int64>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return allowed.contains(value) ? value : nil
    }
    guard let year = number(0..<4, 1970...9999), let month = number(5..<7, 1...12), let day = number(8..<10, 1...31),
      let hour = number(11..<13, 0...23), let minute = number(14..<16, 0...59), let second = number(17..<19, 0...59)
    else { return nil }
    var subsecond: Int64 = 0
    if bytes.count > 20 {
      // What is finer than a millisecond is cut off.
      let digits = bytes[20..<bytes.count - 1]
      guard bytes[19] == UInt8(ascii: "."), !digits.isEmpty,
        digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
        let fraction = number(20..<min(bytes.count - 1, 23), 0...999)
      else { return nil }
      subsecond = (digits.count..<max(digits.count, 3)).reduce(fraction) { value, _ in value * 10 }
    }
    let days = CalendarDay(year: year, month: month, day: day).daysSince1970
    // The 30th of February would be a day of March.
    guard CalendarDay(daysSince1970: days).day == day else { return nil }
    self.init(
      milliseconds: days * Self.millisecondsADay + ((hour * 60 + minute) * 60 + second) * 1000 + subsecond)
  }

  private static let millisecondsADay: Int64 = 86_400_000
}
