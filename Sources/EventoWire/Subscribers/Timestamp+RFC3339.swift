internal import ByteCoding
package import Evento

extension Timestamp {
  /// As RFC 3339 has it, in UTC, to the millisecond: `2026-01-31T12:00:00.000Z`. Of a moment before 1970 or after 9999 the
  /// nearest one within.
  package var rfc3339: String { RFC3339.text(milliseconds: clamped.milliseconds) }

  /// Reads what ``rfc3339`` writes, with any number of digits, or none, in the fraction. What is finer than a millisecond
  /// is cut off.
  package init?(rfc3339 text: String) {
    guard text.utf8.last == UInt8(ascii: "Z"), text.utf8.dropFirst(10).first == UInt8(ascii: "T"),
      let moment = RFC3339(text), Self.secondsRange.contains(moment.seconds),
      let subsecond = Int((moment.fraction + "000").prefix(3))
    else { return nil }
    self.init(seconds: moment.seconds, subsecond: subsecond)
  }
}
