/// The line of `Date` (RFC 9110 §6.6.1), made once a second.
struct DateField {
  private(set) var line: [UInt8] = []
  private var second = Int.min

  /// - Parameter second: since 1970 in UTC.
  mutating func update(second: Int) {
    guard second != self.second else { return }
    self.second = second
    line = Array("Date: \(Self.text(second: second))\r\n".utf8)
  }

  /// IMF-fixdate, as in `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), whose year has four digits. A clock that is
  /// off by more than that gives the nearest moment of the years 1970 to 9999.
  static func text(second: Int) -> String {
    let second = min(max(second, 0), 253_402_300_799)
    let (days, time) = second.quotientAndRemainder(dividingBy: 86400)
    let (year, month, day) = civil(days)
    let weekday = weekdays[(days + 4) % 7]
    return "\(weekday), \(two(day)) \(months[month - 1]) \(year) "
      + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func two(_ value: Int) -> String {
    value < 10 ? "0\(value)" : "\(value)"
  }

  /// The Gregorian date of a day from 1970 on, counted in years that begin in March and eras of 400 years.
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }
}
