/// The delays before retries: each twice as long as the one before, up to a maximum.
public struct Backoff: Sendable, Hashable {
  /// The delay before the first retry.
  public var initialDelay: Duration
  /// The maximum delay.
  public var maximumDelay: Duration
  /// The largest part of a delay, 0 … 1, by which it is shortened at random, so that clients that failed together don't
  /// retry together.
  public var jitter: Double

  /// - Precondition: No delay is negative, and `jitter` is in its range.
  public init(initialDelay: Duration = .seconds(1), maximumDelay: Duration = .seconds(60), jitter: Double = 0) {
    requireUse(initialDelay >= .zero && maximumDelay >= .zero, "a delay must not be negative")
    requireUse(0...1 ~= jitter, "jitter must be 0 to 1, but is \(jitter)")
    self.initialDelay = initialDelay
    self.maximumDelay = maximumDelay
    self.jitter = jitter
  }

  /// Returns the delay before the retry of this number; the first is 1.
  package func delay(beforeRetry number: Int) -> Duration {
    let whole = wholeDelay(beforeRetry: number)
    // Without a multiplication by 1, which would round.
    return jitter > 0 ? whole * Double.random(in: max(1 - jitter, 0)...1) : whole
  }

  /// Returns the delay without jitter. Negative delays, which can be set, count as none.
  private func wholeDelay(beforeRetry number: Int) -> Duration {
    var (delay, doublings) = (max(initialDelay, .zero), number - 1)
    while doublings > 0, delay > .zero, delay < maximumDelay {
      delay *= 2
      doublings -= 1
    }
    return max(min(delay, maximumDelay), .zero)
  }
}
