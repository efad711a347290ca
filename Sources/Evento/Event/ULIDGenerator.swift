internal import Synchronization

/// Generates strictly increasing identifiers within one process.
final class ULIDGenerator: Sendable {
  static let shared = ULIDGenerator()

  private struct State {
    /// `nil` before the first one.
    var last: ULID?
    var random = Xoshiro256()
  }

  private let state = Mutex(State())
  private let now: @Sendable () -> Timestamp

  /// - Parameter now: The clock. Identifiers begin with the low 48 bits of its milliseconds since 1970.
  init(now: @escaping @Sendable () -> Timestamp = { .now() }) {
    self.now = now
  }

  func next() -> ULID {
    let time = UInt64(max(0, min(now().milliseconds, 0xFFFF_FFFF_FFFF)))
    return state.withLock { state in
      // Within one millisecond, or after the clock stepped back, count on from the last one: the ULID
      // specification's monotonic form.
      let next: ULID
      if let last = state.last, time <= last.high >> 16 {
        let (low, carry) = last.low.addingReportingOverflow(1)
        next = ULID(high: carry ? last.high &+ 1 : last.high, low: low)
      } else {
        next = ULID(high: time << 16 | state.random.next() >> 48, low: state.random.next())
      }
      state.last = next
      return next
    }
  }
}
