internal import ByteCoding

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
    let (days, time) = Int64(second).quotientAndRemainder(dividingBy: 86400)
    let day = CalendarDay(daysSince1970: days)
    func two(_ number: Int64) -> String { String(number, digits: 2) }
    return "\(weekdays[Int(days + 4) % 7]), \(two(day.day)) \(months[Int(day.month) - 1]) \(day.year) "
      + "\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)) GMT"
  }

  private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]
}
