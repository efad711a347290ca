#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A time of the monotonic clock, in nanoseconds.
struct MonotonicTime: Comparable, Sendable {
  let nanoseconds: UInt64

  static let never = MonotonicTime(nanoseconds: .max)

  static var now: MonotonicTime {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return MonotonicTime(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  static func < (left: MonotonicTime, right: MonotonicTime) -> Bool {
    left.nanoseconds < right.nanoseconds
  }

  static func + (time: MonotonicTime, span: TimeSpan) -> MonotonicTime {
    let (sum, overflows) = time.nanoseconds.addingReportingOverflow(span.nanoseconds)
    return overflows ? .never : MonotonicTime(nanoseconds: sum)
  }

  /// Returns the time until `later`; zero if that is earlier.
  func span(to later: MonotonicTime) -> TimeSpan {
    TimeSpan(nanoseconds: later > self ? later.nanoseconds - nanoseconds : 0)
  }

  /// Returns the whole milliseconds since `earlier`, rounded up, so that a wait never ends just before its time.
  func milliseconds(since earlier: MonotonicTime) -> Int32 {
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

/// A length of time in nanoseconds. One that is too long to represent counts as endless.
struct TimeSpan: Sendable {
  let nanoseconds: UInt64

  init(nanoseconds: UInt64) {
    self.nanoseconds = nanoseconds
  }

  /// A negative duration counts as zero.
  init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    guard seconds >= 0, attoseconds >= 0 else {
      nanoseconds = 0
      return
    }
    let (whole, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, overflowsToo) = whole.addingReportingOverflow(UInt64(attoseconds) / 1_000_000_000)
    nanoseconds = overflows || overflowsToo ? .max : sum
  }
}
