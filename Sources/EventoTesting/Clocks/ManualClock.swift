public import Evento
internal import Synchronization

/// A clock that changes only when set: pass it to an executor instead of the machine's.
public final class ManualClock: Sendable {
  private let time: Mutex<Timestamp>

  /// - Parameter start: The initial time; by default 2023-11-14T22:13:20Z.
  public init(_ start: Timestamp = Timestamp(seconds: 1_700_000_000)) {
    time = Mutex(start)
  }

  /// The current time.
  public var now: Timestamp { time.withLock { $0 } }

  /// Sets the time, which can go backward.
  public func set(_ timestamp: Timestamp) {
    time.withLock { $0 = timestamp }
  }

  /// Advances the time.
  ///
  /// - Parameter milliseconds: A negative number moves it back.
  public func advance(milliseconds: Int64) {
    time.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
  }
}

/// The clock of one writer among several whose clocks disagree: up to ten minutes early or late, at times running
/// backward, often returning the same millisecond twice. The same seed gives the same times.
public final class SkewedClock: Sendable {
  private let state: Mutex<(time: Int64, random: SeededGenerator)>

  /// - Parameters:
  ///   - start: The correct time, from which the clock differs by up to ten minutes.
  ///   - seed: Selects one of the wrong clocks.
  public init(around start: Timestamp = Timestamp(seconds: 1_700_000_000), seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let offset = Int64.random(in: -600_000...600_000, using: &random)
    state = Mutex((max(start.milliseconds + offset, 0), random))
  }

  /// Returns the next time.
  public func next() -> Timestamp {
    state.withLock { state in
      let step = Int64.random(in: -1000...1005, using: &state.random)
      state.time = max(state.time + (step % 3 == 0 ? 0 : step), 0)
      return Timestamp(milliseconds: state.time)
    }
  }
}
