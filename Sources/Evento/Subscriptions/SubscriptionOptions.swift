/// How a subscription works.
struct SubscriptionOptions: Sendable {
  var chunkSize = 300
  var acknowledgeInterval = 1
  var retries = 30
  var backoff = Backoff()
  var delay = Duration.zero
  var acceptsFailure = false
  var replays = false
  var pollInterval = Duration.milliseconds(300)
  /// How often it looks who holds the subscriber, where a follower waits for events.
  var followedCheckInterval = Duration.seconds(5)
  var clock: any Clock<Duration> = ContinuousClock()
  var onFailure: @Sendable (SubscriptionFailure) -> Void = { _ in }
}

extension Subscription {
  /// How many events are read at once; 300 where nothing is said.
  ///
  /// - Precondition: 1 … 65535.
  public func chunkSize(_ events: Int) -> Self {
    precondition(1...Args.countRange.upperBound ~= events, "a chunk is of 1 to \(Args.countRange.upperBound) events")
    return with { $0.options.chunkSize = events }
  }

  /// After how many events it acknowledges, at the end of a chunk at the latest; 1 where nothing is said. More is
  /// faster, and as many may be handled again where the process ends suddenly.
  ///
  /// - Precondition: at least 1.
  public func acknowledge(every events: Int) -> Self {
    precondition(events >= 1, "it acknowledges after 1 or more events")
    return with { $0.options.acknowledgeInterval = events }
  }

  /// How often in a row a failure is tried again before it counts; 30 where nothing is said, 0: not at all.
  ///
  /// An error of the store that waiting does not mend (``EventoError/isPassing`` is false: `unauthorized`, `forbidden`,
  /// `invalid_request`, `subscriber_not_found`, `cursor_not_in_history` …) is not tried again: the subscription ends at
  /// once. What a handler throws always is, whatever it is.
  ///
  /// - Precondition: at least 0.
  public func retry(_ times: Int, backoff: Backoff = Backoff()) -> Self {
    precondition(times >= 0, "it retries 0 or more times")
    return with { ($0.options.retries, $0.options.backoff) = (times, backoff) }
  }

  /// Goes on after a failure that no retry has mended: an event that can't be handled is given up, and acknowledged;
  /// a store that does not answer is asked again and again. Without it, the subscription ends. It ends with it too, where
  /// the store says what waiting does not mend: see ``retry(_:backoff:)``.
  ///
  /// What was given up is told to ``onFailure(_:)`` alone.
  public func acceptFailure() -> Self {
    with { $0.options.acceptsFailure = true }
  }

  /// Waits before it reads for the first time, to stagger the start of many. It holds the subscriber meanwhile.
  public func delay(_ duration: Duration) -> Self {
    with { $0.options.delay = duration }
  }

  /// Starts from the beginning each time, wherever it got to before: for what is kept in memory alone.
  public func replay() -> Self {
    with { $0.options.replays = true }
  }

  /// Is told each failure, for a log say, before it is tried again, given up, or ends the subscription.
  public func onFailure(_ handler: @escaping @Sendable (SubscriptionFailure) -> Void) -> Self {
    with { $0.options.onFailure = handler }
  }

  /// What it waits by: between retries, and where there is nothing to read. `ContinuousClock` where nothing is said.
  public func clock(_ clock: some Clock<Duration>) -> Self {
    with { $0.options.clock = clock }
  }
}
