internal import Synchronization

/// The time since which each stream has had events to send, without having reached the end of the log.
final class StreamLags: Sendable {
  /// The state of a stream, which its follower sets and `/metrics` reads, without a lock.
  fileprivate final class Clock: Sendable {
    /// In nanoseconds since ``StreamLags/epoch``; ``waiting`` at the end of the log.
    let behindSince: Atomic<Int64>

    init(_ time: Int64) {
      behindSince = Atomic(time)
    }
  }

  private static let waiting = Int64.max

  /// A stream, until its last reference is gone.
  final class Entry: Sendable {
    private let number: Int
    private let clock: Clock
    private let lags: StreamLags

    fileprivate init(_ number: Int, _ clock: Clock, _ lags: StreamLags) {
      self.number = number
      self.clock = clock
      self.lags = lags
    }

    deinit {
      lags.remove(number)
    }

    /// Records that the stream waits at the end of the log.
    func reachedEnd() {
      clock.behindSince.store(StreamLags.waiting, ordering: .relaxed)
    }

    /// Records that there is more to send.
    func leftEnd() {
      clock.behindSince.store(lags.now, ordering: .relaxed)
    }
  }

  private struct State {
    var lastNumber = 0
    var clocks: [Int: Clock] = [:]
  }

  private let state = Mutex(State())
  private let epoch = ContinuousClock.now

  /// Adds a stream that begins. It counts as behind until it has reached the end.
  func add() -> Entry {
    let clock = Clock(now)
    let number = state.withLock { state in
      state.lastNumber += 1
      state.clocks[state.lastNumber] = clock
      return state.lastNumber
    }
    return Entry(number, clock, self)
  }

  private func remove(_ number: Int) {
    state.withLock { _ = $0.clocks.removeValue(forKey: number) }
  }

  private var now: Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - epoch).components
    return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
  }

  /// Returns the number of streams that have been behind for longer than a second, and the longest time in seconds for
  /// which any stream has been behind.
  ///
  /// - Complexity: O(*n*) in the number of streams.
  func summary() -> (behind: Int, longest: Double) {
    let clocks = state.withLock { Array($0.clocks.values) }
    let now = now
    var (behind, longest) = (0, Int64(0))
    for clock in clocks {
      let since = clock.behindSince.load(ordering: .relaxed)
      guard since != Self.waiting else { continue }
      if now - since > 1_000_000_000 { behind += 1 }
      longest = max(longest, now - since)
    }
    return (behind, Double(longest) / 1e9)
  }
}
