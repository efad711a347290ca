public import Logging

/// How a subscription works.
struct SubscriptionOptions: Sendable {
  var chunkSize = 300
  /// After how many events; `nil`: at the end of a chunk, or ``acknowledgePause`` after the last time.
  var acknowledgeInterval: Int?
  let acknowledgePause = Duration.milliseconds(100)
  var retries = 30
  var backoff = Backoff()
  var delay = Duration.zero
  var acceptsFailure = false
  var replays = false
  var pollInterval = Duration.milliseconds(300)
  /// How often it looks who holds the subscriber, if a stream brings the events.
  var followedCheckInterval = Duration.seconds(5)
  var clock: any Clock<Duration> = ContinuousClock()
  var logger = Logger(label: "evento.subscription")
  var onFailure: @Sendable (SubscriptionFailure) -> Void = { _ in }
}

extension Subscription {
  /// Called with each failure, before a retry and at the end; use it for metrics or alerts. Failures are also logged: see
  /// ``logger(_:)``.
  public func onFailure(_ handler: @escaping @Sendable (SubscriptionFailure) -> Void) -> Self {
    with { $0.options.onFailure = handler }
  }

  /// The logger that failures go to: `evento.subscription` unless you give one.
  ///
  /// A failure that is tried again is a `warning`, the first time at once, then once a minute with a count; that it is over
  /// is a `notice`. An event that is given up, and the end of the subscription, are an `error`.
  public func logger(_ logger: Logger) -> Self {
    with { $0.options.logger = logger }
  }

  /// How many events are read at once; 300 where nothing is said.
  ///
  /// - Precondition: 1 … 65535.
  public func chunkSize(_ events: Int) -> Self {
    requireUse(
      1...Args.countRange.upperBound ~= events,
      "chunkSize(_:) requires 1 to \(Args.countRange.upperBound) events, but got \(events)")
    return with { $0.options.chunkSize = events }
  }

  /// Acknowledges after every `events` events, and at the end of each chunk. If you don't call this, it acknowledges at the
  /// end of a chunk, or with the first event that ends 100 ms or more after the last acknowledgement.
  ///
  /// Each acknowledgement is a write to disk. What is handled and not acknowledged is handled again if the process ends
  /// suddenly: delivery is at least once, with 1 too.
  ///
  /// - Precondition: at least 1.
  public func acknowledge(every events: Int) -> Self {
    requireUse(events >= 1, "acknowledge(every:) requires at least 1 event, but got \(events)")
    return with { $0.options.acknowledgeInterval = events }
  }

  /// How often in a row a failure is tried again before it counts; 30 where nothing is said, 0: not at all.
  ///
  /// An error of the store that waiting does not mend (``EventoError/isTransient`` is false: `unauthorized`, `forbidden`,
  /// `invalid_request`, `subscriber_not_found`, `cursor_not_in_history` …) is not tried again: the subscription ends at
  /// once. What a handler throws always is, whatever it is.
  ///
  /// - Precondition: at least 0.
  public func retry(_ times: Int, backoff: Backoff = Backoff()) -> Self {
    requireUse(times >= 0, "retry(_:backoff:) requires at least 0 retries, but got \(times)")
    return with { ($0.options.retries, $0.options.backoff) = (times, backoff) }
  }

  /// Goes on after a failure that no retry has mended: an event that can't be handled is given up, and acknowledged;
  /// a store that does not answer is asked again and again. Without it, the subscription ends. It ends with it too, where
  /// the store says what waiting does not mend: see ``retry(_:backoff:)``.
  ///
  /// ``onFailure(_:)`` gets each event that is given up; the log has the first one, and a count each minute.
  public func acceptFailure() -> Self {
    with { $0.options.acceptsFailure = true }
  }

  /// Waits before it reads for the first time, to stagger the start of many. It holds the subscriber meanwhile.
  public func delay(_ duration: Duration) -> Self {
    with { $0.options.delay = duration }
  }

  /// Starts from the beginning each time, wherever it got to before: for what is kept in memory alone. A read model in memory
  /// without it gets only what is new after a restart, and is wrong without an error.
  public func replay() -> Self {
    with { $0.options.replays = true }
  }

  /// What it waits by: between retries, and where there is nothing to read. `ContinuousClock` where nothing is said.
  public func clock(_ clock: some Clock<Duration>) -> Self {
    with { $0.options.clock = clock }
  }
}

/// How long to wait before a failure is tried again: twice as long each time, up to a limit.
public struct Backoff: Sendable, Hashable {
  /// Before the first retry.
  public var first: Duration
  /// At most.
  public var maximum: Duration

  /// - Precondition: neither is negative.
  public init(first: Duration = .seconds(1), maximum: Duration = .seconds(60)) {
    requireUse(first >= .zero && maximum >= .zero, "a delay must not be negative")
    self.first = first
    self.maximum = maximum
  }

  /// Before the retry of this number; the first is 1.
  func delay(beforeRetry number: Int) -> Duration {
    var delay = first
    for _ in 1..<max(number, 1) {
      guard delay > .zero, delay < maximum else { break }
      delay *= 2
    }
    return min(delay, maximum)
  }
}
