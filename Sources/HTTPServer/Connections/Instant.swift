#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A moment of the monotonic clock, in nanoseconds.
struct Instant: Comparable, Sendable {
  let nanoseconds: UInt64

  static let never = Instant(nanoseconds: .max)

  static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  static func < (left: Instant, right: Instant) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  static func + (instant: Instant, duration: Duration) -> Instant {
    let (seconds, attoseconds) = duration.components
    let whole = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let sum = whole.partialValue.addingReportingOverflow(UInt64(clamping: attoseconds / 1_000_000_000))
    let end = instant.nanoseconds.addingReportingOverflow(sum.partialValue)
    return whole.overflow || sum.overflow || end.overflow ? .never : Instant(nanoseconds: end.partialValue)
  }

  /// The whole milliseconds from `earlier` on, rounded up, so that a wait never ends just before its time.
  func milliseconds(since earlier: Instant) -> Int32 {
    guard self > earlier else { return 0 }
    return Int32(clamping: (nanoseconds - earlier.nanoseconds + 999_999) / 1_000_000)
  }

  /// Seconds since 1970 in UTC, for `Date`.
  static var wallClockSecond: Int {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int(time.tv_sec)
  }
}
