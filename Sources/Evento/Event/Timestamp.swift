#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A Unix time with milliseconds.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: Int64

  /// The range of an event's seconds: 0 … 253402300799 (the end of the year 9999).
  public static let secondsRange: ClosedRange<Int64> = 0...253_402_300_799

  /// Creates a timestamp from milliseconds since 1970-01-01T00:00:00Z.
  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Creates a timestamp from seconds and milliseconds.
  ///
  /// - Parameters:
  ///   - seconds: Unix seconds; those of an event must be in ``secondsRange``.
  ///   - subsecond: Milliseconds within the second, 0 … 999.
  /// - Precondition: `subsecond` is in its range, and the time fits into ``milliseconds``: some 292 million years
  ///   before and after 1970.
  public init(seconds: Int64, subsecond: Int = 0) {
    requireUse(0...999 ~= subsecond, "subsecond must be 0 to 999")
    // Computed from the following second before 1970: the milliseconds alone may be out of range.
    let (whole, rest) = seconds < 0 ? (seconds + 1, subsecond - 1000) : (seconds, subsecond)
    let (product, isTooFar) = whole.multipliedReportingOverflow(by: 1000)
    let (milliseconds, isBeyond) = product.addingReportingOverflow(Int64(rest))
    requireUse(!isTooFar && !isBeyond, "a timestamp must be within \(Int64.max) milliseconds of 1970")
    self.milliseconds = milliseconds
  }

  /// Whole Unix seconds, rounded down, so that ``subsecond`` is never negative.
  public var seconds: Int64 {
    milliseconds >= 0 ? milliseconds / 1000 : (milliseconds + 1) / 1000 - 1
  }

  /// Milliseconds within the second, 0 … 999.
  public var subsecond: Int {
    // For the minimum, the product alone overflows, and the difference is in range again.
    Int(milliseconds &- seconds &* 1000)
  }

  /// The nearest time that an event can have: a clock before 1970, as of a machine that has lost its time, counts as
  /// the first one, and a clock after 9999 as the last.
  package var clamped: Timestamp {
    let range = Self.secondsRange.lowerBound * 1000...Self.secondsRange.upperBound * 1000 + 999
    return Timestamp(milliseconds: min(max(milliseconds, range.lowerBound), range.upperBound))
  }

  /// Returns the current time of the machine's clock.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}
