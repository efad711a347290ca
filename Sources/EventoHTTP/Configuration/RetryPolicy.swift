/// When a call that did not come through is tried again.
///
/// A call is tried again when the connection could not be made or broke, and when the answer was 408, 429, 502, 503 or
/// 504, within ``HTTPConfiguration/callDeadline``. A write is safe to send twice: an event carries an id, by which the
/// gateway knows it again. Everything else asks for a state or sets one; where the first try was carried out and its
/// answer lost, the second sets it again, over what somebody else has set in between:
///
/// - `upsertSubscriber` takes the subscriber back from a worker that has taken it over since;
/// - `acknowledge` without a worker puts back a cursor that has moved on since; with one, no other worker's cursor;
/// - `setSubscriberEnabled` and `saveSnapshot` put back what they said, and a deletion takes away what was made anew.
///
/// Where that must not be, ``never``.
public struct RetryPolicy: Sendable, Equatable {
  /// How often a call is sent at most, at least 1: 10.
  public var attempts = 10
  /// The pause after the first try, which doubles with each further one: 50 milliseconds. If the gateway asks for a longer
  /// one (`Retry-After`), it gets that, up to ``longestPause``.
  public var firstPause: Duration = .milliseconds(50)
  /// The longest pause, whatever the gateway asks for: 2 seconds.
  public var longestPause: Duration = .seconds(2)

  public init() {}

  /// Never a second time.
  public static let never: RetryPolicy = {
    var policy = RetryPolicy()
    policy.attempts = 1
    return policy
  }()

  /// Returns how long a `Retry-After` is waited for: up to ``longestPause``, so that no answer, which may be that of a
  /// proxy, keeps a reader away for a day.
  func pause(askedFor retryAfter: Duration?) -> Duration {
    max(min(retryAfter ?? .zero, longestPause), .zero)
  }

  /// The pause after a number of tries.
  ///
  /// - Parameter jitter: the part of it that is taken. With a number from ``jitters`` drawn for each pause, clients that
  ///   failed together do not come back together.
  func pause(after attempts: Int, jitter: Double) -> Duration {
    var pause = max(firstPause, .zero)
    var doublings = attempts - 1
    while doublings > 0, pause > .zero, pause < longestPause {
      pause += pause
      doublings -= 1
    }
    return max(min(pause, longestPause), .zero) * jitter
  }

  static let jitters = 0.5...1
}
