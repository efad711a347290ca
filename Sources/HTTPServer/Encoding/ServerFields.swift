internal import ByteCoding

/// The fields that the server sets itself, and not the handler.
enum ServerField {
  /// The server sets it, for the framing or the connection.
  case framing
  case date

  /// Returns true if one of them has a name of that length, which rules out most other fields.
  @inline(__always) static func mayHaveLength(_ length: Int) -> Bool {
    length == 4 || length == 10 || length == 14 || length == 17
  }

  /// - Returns: nil for every other field.
  init?(_ name: String) {
    switch name.utf8.count {
    case 4 where Self.areEqual(name, "date"): self = .date
    case 10 where Self.areEqual(name, "connection") || Self.areEqual(name, "keep-alive"): self = .framing
    case 14 where Self.areEqual(name, "content-length"): self = .framing
    case 17 where Self.areEqual(name, "transfer-encoding"): self = .framing
    default: return nil
    }
  }

  private static func areEqual(_ name: String, _ lowercased: String) -> Bool {
    zip(name.utf8, lowercased.utf8).allSatisfy { ASCII.lowercased($0) == $1 }
  }
}

/// The line of `Date` (RFC 9110 §6.6.1), made once a second.
struct DateField {
  private(set) var line: [UInt8] = []
  private var second = Int.min

  /// - Parameter second: Seconds since 1970 in UTC.
  mutating func update(second: Int) {
    guard second != self.second else { return }
    self.second = second
    line = Array("Date: \(Self.text(second: second))\r\n".utf8)
  }

  /// Returns IMF-fixdate, such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), whose year has four digits. A time
  /// outside the years 1970 to 9999 gives the nearest one inside.
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

/// The response fields of a connection that stays open.
///
/// Clients that keep connections respect the time (RFC 2068 §19.7.1.1), so they send no request to a connection that is
/// just being closed. HTTP/1.1 does not need `Connection: keep-alive`, but `Keep-Alive` only counts if `Connection`
/// names it (RFC 9110 §7.6.1), and clients of HTTP/1.0 require it.
struct PersistenceFields {
  let lines: [UInt8]

  /// - Parameter idle: The maximum idle time of the connection. A tenth less is announced, for requests in transit.
  init(idle: Duration) {
    let promised = (idle - idle / 10).components.seconds
    lines = Array(("Connection: keep-alive\r\n" + (promised > 0 ? "Keep-Alive: timeout=\(promised)\r\n" : "")).utf8)
  }
}
