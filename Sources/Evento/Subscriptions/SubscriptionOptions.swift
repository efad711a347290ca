public import Logging

/// The settings of a subscription.
struct SubscriptionOptions: Sendable {
  var chunkSize = 300
  /// The number of events between acknowledgements; `nil` acknowledges at the end of a chunk, or ``acknowledgePause``
  /// after the last time.
  var acknowledgeInterval: Int?
  let acknowledgePause = Duration.milliseconds(100)
  var retries = 30
  var backoff = Backoff()
  var delay = Duration.zero
  var acceptsFailure = false
  var replays = false
  var pollInterval = Duration.milliseconds(300)
  /// The interval of the check that it still holds the subscriber, if a stream delivers the events.
  var followedCheckInterval = Duration.seconds(5)
  var clock: any Clock<Duration> = ContinuousClock()
  var logger = Logger(label: "evento.subscription")
  var onFailure: @Sendable (SubscriptionFailure) -> Void = { _ in }
}

extension Subscription {
  /// Sets a closure that is called with each failure, before a retry and at the end, for example for metrics or alerts.
  /// Failures are also logged: see ``logger(_:)``.
  public func onFailure(_ handler: @escaping @Sendable (SubscriptionFailure) -> Void) -> Self {
    with { $0.options.onFailure = handler }
  }

  /// Sets the logger for failures; the default is `evento.subscription`.
  ///
  /// A failure that is retried is a `warning`: the first time at once, then once a minute with a count. Recovery is a
  /// `notice`. An event that is given up, and the end of the subscription, are an `error`.
  public func logger(_ logger: Logger) -> Self {
    with { $0.options.logger = logger }
  }

  /// Sets the number of events that are read at once; the default is 300.
  ///
  /// - Precondition: 1 … 65535.
  public func chunkSize(_ events: Int) -> Self {
    requireUse(
      1...Args.countRange.upperBound ~= events,
      "chunkSize(_:) requires 1 to \(Args.countRange.upperBound) events, but got \(events)")
    return with { $0.options.chunkSize = events }
  }

  /// Acknowledges after every `events` events, and at the end of each chunk, or of the events that a stream delivered
  /// together. If you don't call this, it acknowledges at the end of a chunk, or with the first event that ends 100 ms or
  /// more after the last acknowledgement.
  ///
  /// Each acknowledgement is a write to disk. While that of a chunk is being stored, fewer than `events` further events are
  /// handled: with 1, none. An event that is handled and not acknowledged is handled again if the
  /// process ends suddenly: delivery is at least once, also with 1.
  ///
  /// - Precondition: At least 1.
  public func acknowledge(every events: Int) -> Self {
    requireUse(events >= 1, "acknowledge(every:) requires at least 1 event, but got \(events)")
    return with { $0.options.acknowledgeInterval = events }
  }

  /// Sets the number of retries in a row before a failure counts; the default is 30, 0 means none.
  ///
  /// An error of the store that waiting does not fix (``EventoError/isTransient`` is false: `unauthorized`,
  /// `forbidden`, `invalid_request`, `subscriber_not_found`, `cursor_not_in_history` …) is not retried: the
  /// subscription ends at once. An error that a handler throws is always retried.
  ///
  /// - Precondition: At least 0.
  public func retry(_ times: Int, backoff: Backoff = Backoff()) -> Self {
    requireUse(times >= 0, "retry(_:backoff:) requires at least 0 retries, but got \(times)")
    return with { ($0.options.retries, $0.options.backoff) = (times, backoff) }
  }

  /// Continues after a failure that retries have not fixed: an event that can't be handled is given up and
  /// acknowledged; a store that does not respond is called again and again. Without this, the subscription ends. It
  /// also ends if the store reports an error that waiting does not fix: see ``retry(_:backoff:)``.
  ///
  /// ``onFailure(_:)`` gets each event that is given up; the log has the first one, and a count each minute.
  public func acceptFailure() -> Self {
    with { $0.options.acceptsFailure = true }
  }

  /// Waits before the first read, to stagger the start of many subscriptions. It holds the subscriber meanwhile.
  public func delay(_ duration: Duration) -> Self {
    with { $0.options.delay = duration }
  }

  /// Starts from the beginning each time, whatever its stored position: for state that is only in memory. Without it, a
  /// read model in memory gets only new events after a restart, and is wrong without an error.
  public func replay() -> Self {
    with { $0.options.replays = true }
  }

  /// Sets the clock for delays between retries and for waits while there is nothing to read; the default is
  /// `ContinuousClock`.
  public func clock(_ clock: some Clock<Duration>) -> Self {
    with { $0.options.clock = clock }
  }
}
