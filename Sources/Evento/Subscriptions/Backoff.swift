/// The delay before a retry: twice as long each time, up to a limit.
public struct Backoff: Sendable, Hashable {
  /// The delay before the first retry.
  public var first: Duration
  /// The maximum delay.
  public var maximum: Duration

  /// - Precondition: Neither is negative.
  public init(first: Duration = .seconds(1), maximum: Duration = .seconds(60)) {
    requireUse(first >= .zero && maximum >= .zero, "a delay must not be negative")
    self.first = first
    self.maximum = maximum
  }

  /// Returns the delay before the retry of this number; the first is 1.
  func delay(beforeRetry number: Int) -> Duration {
    var delay = first
    for _ in 1..<max(number, 1) {
      guard delay > .zero, delay < maximum else { break }
      delay *= 2
    }
    return min(delay, maximum)
  }
}
