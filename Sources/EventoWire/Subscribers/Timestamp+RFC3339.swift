internal import ByteCoding
package import Evento

extension Timestamp {
  /// The time in RFC 3339 format, in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. A time before 1970 or after
  /// 9999 is replaced by the nearest one in that range.
  package var rfc3339: String { RFC3339.text(milliseconds: clamped.milliseconds) }

  /// Parses the format of ``rfc3339``, with any number of digits in the fraction, or none. Digits beyond milliseconds
  /// are dropped.
  package init?(rfc3339 text: String) {
    guard text.utf8.last == UInt8(ascii: "Z"), text.utf8.dropFirst(10).first == UInt8(ascii: "T"),
      let moment = RFC3339(text), Self.secondsRange.contains(moment.seconds),
      let subsecond = Int((moment.fraction + "000").prefix(3))
    else { return nil }
    self.init(seconds: moment.seconds, subsecond: subsecond)
  }
}
