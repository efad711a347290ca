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

/// The generator xoshiro256++ (https://prng.di.unimi.it), seeded from the system's random numbers.
///
/// For identifiers, which must be unique but not unguessable: the system's generator is a system call for each number,
/// which costs more than the rest of an identifier.
struct Xoshiro256: RandomNumberGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  init() {
    var system = SystemRandomNumberGenerator()
    // All zeros would stay all zeros.
    state = (system.next() | 1, system.next(), system.next(), system.next())
  }

  mutating func next() -> UInt64 {
    let sum = state.0 &+ state.3
    let result = (sum << 23 | sum >> 41) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = state.3 << 45 | state.3 >> 19
    return result
  }
}
