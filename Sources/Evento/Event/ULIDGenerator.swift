import Synchronization

/// Makes identifiers that grow strictly within one process.
final class ULIDGenerator: Sendable {
  static let shared = ULIDGenerator()

  private let last = Mutex(ULID(high: 0, low: 0))

  func next() -> ULID {
    let time = UInt64(clamping: Timestamp.now().milliseconds) & 0xFFFF_FFFF_FFFF
    var random = SystemRandomNumberGenerator()
    let fresh = ULID(high: time << 16 | random.next() >> 48, low: random.next())
    return last.withLock { last in
      // Within one millisecond, or after the clock stepped back, count on from the last one: the ULID
      // specification's monotonic form.
      if fresh > last {
        last = fresh
      } else {
        let (low, carry) = last.low.addingReportingOverflow(1)
        last = ULID(high: carry ? last.high &+ 1 : last.high, low: low)
      }
      return last
    }
  }
}
