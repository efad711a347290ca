internal import Synchronization

/// Makes identifiers that grow strictly within one process.
final class ULIDGenerator: Sendable {
  static let shared = ULIDGenerator()

  private struct State {
    var last = ULID(high: 0, low: 0)
    var random = Xoshiro256()
  }

  private let state = Mutex(State())

  func next() -> ULID {
    let time = UInt64(clamping: Timestamp.now().milliseconds) & 0xFFFF_FFFF_FFFF
    return state.withLock { state in
      // Within one millisecond, or after the clock stepped back, count on from the last one: the ULID
      // specification's monotonic form.
      if time > state.last.high >> 16 {
        state.last = ULID(high: time << 16 | state.random.next() >> 48, low: state.random.next())
      } else {
        let (low, carry) = state.last.low.addingReportingOverflow(1)
        state.last = ULID(high: carry ? state.last.high &+ 1 : state.last.high, low: low)
      }
      return state.last
    }
  }
}
