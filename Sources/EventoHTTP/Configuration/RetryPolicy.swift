public import Evento

/// The rule for retries of failed calls.
///
/// A call is retried if the connection could not be made or broke, or if the response was 408, 429, 502, 503 or 504,
/// within ``HTTPConfiguration/callDeadline``. A 500 is not: it may be an error of the gateway that every attempt finds
/// again, and the caller can decide (``EventoError/isTransient``). A write is safe to retry: the gateway recognizes each event by its id.
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
  public var attempts: Int
  /// The delays between attempts: 50 milliseconds at first, at most 2 seconds, with a jitter of 0.5. If the gateway sends
  /// a longer one (`Retry-After`), that is used, up to the ``Backoff/maximumDelay``.
  public var backoff: Backoff

  public init(
    attempts: Int = 10,
    backoff: Backoff = Backoff(initialDelay: .milliseconds(50), maximumDelay: .seconds(2), jitter: 0.5)
  ) {
    self.attempts = attempts
    self.backoff = backoff
  }

  /// No retries.
  public static let never = RetryPolicy(attempts: 1)

  /// Returns the delay for a `Retry-After`: at most the ``Backoff/maximumDelay``, so that no response, which may be a
  /// proxy's, stops a reader for a day.
  func delay(requested retryAfter: Duration?) -> Duration {
    max(min(retryAfter ?? .zero, backoff.maximumDelay), .zero)
  }
}
