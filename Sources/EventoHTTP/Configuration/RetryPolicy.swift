/// The rule for retries of failed calls.
///
/// A call is retried if the connection could not be made or broke, or if the response was 408, 429, 502, 503 or 504,
/// within ``HTTPConfiguration/callDeadline``. A write is safe to retry: the gateway recognises each event by its id.
/// All other calls read or set a state. If the first attempt was carried out but its response lost, the retry sets the
/// state again, and overwrites changes by others in between:
///
/// - `upsertSubscriber` takes the subscriber back from a worker that has taken it over since;
/// - `acknowledge` without a worker resets a cursor that has moved on since; with one, it can't reset the cursor of
///   another worker;
/// - `setSubscriberEnabled` and `saveSnapshot` write their value again, and a deletion deletes what was created again.
///
/// If that is not acceptable, use ``never``.
public struct RetryPolicy: Sendable, Equatable {
  /// The maximum number of attempts, at least 1: 10.
  public var attempts = 10
  /// The delay after the first attempt, which doubles with each further one: 50 milliseconds. If the gateway sends a
  /// longer one (`Retry-After`), that is used, up to ``longestPause``.
  public var firstPause: Duration = .milliseconds(50)
  /// The maximum delay, also for `Retry-After`: 2 seconds.
  public var longestPause: Duration = .seconds(2)

  public init() {}

  /// No retries.
  public static let never: RetryPolicy = {
    var policy = RetryPolicy()
    policy.attempts = 1
    return policy
  }()

  /// Returns the delay for a `Retry-After`: at most ``longestPause``, so that no response, which may be a proxy's,
  /// stops a reader for a day.
  func pause(askedFor retryAfter: Duration?) -> Duration {
    max(min(retryAfter ?? .zero, longestPause), .zero)
  }

  /// Returns the delay after a number of attempts.
  ///
  /// - Parameter jitter: The fraction of the delay to use. With a random one from ``jitters`` for each delay, clients
  ///   that failed together don't retry together.
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
