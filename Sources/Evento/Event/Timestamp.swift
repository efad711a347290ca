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
  public init(seconds: Int64, subsecond: Int = 0) {
    self.milliseconds = seconds * 1000 + Int64(subsecond)
  }

  /// Whole Unix seconds.
  public var seconds: Int64 { milliseconds / 1000 }

  /// Milliseconds within the second, 0 … 999.
  public var subsecond: Int { Int(milliseconds % 1000) }

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
