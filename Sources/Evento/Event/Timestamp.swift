#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A moment in Unix time, to the millisecond.
public struct Timestamp: Sendable, Hashable, Comparable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: Int64

  /// The seconds that an event may bear: 0 … 253402300799 (the end of the year 9999).
  public static let secondsRange: ClosedRange<Int64> = 0...253_402_300_799

  /// - Parameter milliseconds: since 1970-01-01T00:00:00Z.
  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// - Parameters:
  ///   - seconds: Unix seconds; an event takes those of ``secondsRange``.
  ///   - subsecond: milliseconds within the second, 0 … 999.
  /// - Precondition: `subsecond` is in its range, and the moment is of ``milliseconds``, some 292 million years from now
  ///   or before.
  public init(seconds: Int64, subsecond: Int = 0) {
    requireUse(0...999 ~= subsecond, "a second has the milliseconds 0 to 999")
    // From the second behind it, where it is before 1970: its milliseconds alone may be out of range.
    let (whole, rest) = seconds < 0 ? (seconds + 1, subsecond - 1000) : (seconds, subsecond)
    let (product, isTooFar) = whole.multipliedReportingOverflow(by: 1000)
    let (milliseconds, isBeyond) = product.addingReportingOverflow(Int64(rest))
    requireUse(!isTooFar && !isBeyond, "a moment is at most \(Int64.max) milliseconds away from 1970")
    self.milliseconds = milliseconds
  }

  /// Whole Unix seconds, rounded down: before 1970 too, a moment is ``subsecond`` milliseconds behind them.
  public var seconds: Int64 {
    milliseconds >= 0 ? milliseconds / 1000 : (milliseconds + 1) / 1000 - 1
  }

  /// Milliseconds within the second, 0 … 999.
  public var subsecond: Int {
    // Of the least number that there is, the product alone is out of range, and comes back into it.
    Int(milliseconds &- seconds &* 1000)
  }

  /// The nearest moment that an event may bear: a clock before 1970, as of a machine that has lost its time, counts as
  /// the first, and one after 9999 as the last.
  package var clamped: Timestamp {
    let range = Self.secondsRange.lowerBound * 1000...Self.secondsRange.upperBound * 1000 + 999
    return Timestamp(milliseconds: min(max(milliseconds, range.lowerBound), range.upperBound))
  }

  /// The time of the machine's clock.
  public static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }
}
