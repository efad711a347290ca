internal import ByteCoding

/// The fields that the server looks after itself, whatever a handler says.
enum ServerField {
  /// That of the framing or of the connection.
  case framing
  case date

  /// Whether one of them has a name of that length: most others are told apart by it.
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

/// What a response says of a connection that goes on.
///
/// Clients that keep connections heed the time (RFC 2068 §19.7.1.1), and so send no request to one that is closed at that
/// moment. HTTP/1.1 needs no `Connection: keep-alive`, but what `Keep-Alive` says counts if it is named there
/// (RFC 9110 §7.6.1), and clients of HTTP/1.0 ask for it.
struct PersistenceFields {
  let lines: [UInt8]

  /// - Parameter idle: how long the connection may stay open. A tenth less is promised, for what is on its way.
  init(idle: Duration) {
    let promised = (idle - idle / 10).components.seconds
    lines = Array(("Connection: keep-alive\r\n" + (promised > 0 ? "Keep-Alive: timeout=\(promised)\r\n" : "")).utf8)
  }
}
