extension Executor {
  /// Returns ``events(matching:routingKey:after:)``; without arguments, all events from the beginning.
  public func follow(
    _ aggregators: [ReadAggregator]? = nil, routingKey: RoutingKey = .all, after start: Args.Start = .beginning
  ) -> EventSequence {
    events(matching: aggregators, routingKey: routingKey, after: start)
  }

  /// Returns the matching events after a position, read page by page.
  ///
  /// At the end of the log it waits for ``commits``, or polls if that is `nil`. While the store is `unavailable`, it retries
  /// with a growing delay, unless waiting can't fix it (``EventoError/isTransient``).
  ///
  /// - Parameters:
  ///   - pollInterval: The delay between polls.
  ///   - clock: The clock for `pollInterval`.
  public func eventsByPages(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start,
    pollInterval: Duration = .milliseconds(100), clock: any Clock<Duration> = ContinuousClock()
  ) -> EventSequence {
    let signal = commits
    return EventSequence(after: start, isPolled: signal == nil) {
      { (start) throws in
        // Before the read: a later commit increases the count, and the wait below returns at once.
        let count = signal?.count ?? 0
        let page = try await retryingWhileUnavailable(signal, clock) {
          try await read(aggregators, routingKey: routingKey, args: .forward(first: followedPageSize, after: start))
        }
        guard page.edges.isEmpty else { return page }
        if let signal {
          await signal.wait(past: count, until: .now + .seconds(60))
        } else {
          // It ends early only if it is cancelled, and then the sequence ends too.
          try? await clock.sleep(for: pollInterval)
        }
        return page
      }
    }
  }
}

/// The maximum number of events that a follower holds, and reads at once.
private let followedPageSize = 300
/// The delays between reads of a store that is unavailable.
private let backoff = Backoff(initialDelay: .milliseconds(50), maximumDelay: .seconds(1))

/// Calls `body` until it returns, as long as it throws that the store is unavailable for a while. A store whose signal has
/// finished is closed.
private func retryingWhileUnavailable<Value>(
  _ signal: CommitSignal?, _ clock: any Clock<Duration>, _ body: () async throws -> Value
) async throws -> Value {
  var failures = 0
  while true {
    do {
      return try await body()
    } catch {
      guard let error = error as? EventoError, error.code == .unavailable, error.isTransient,
        signal?.isFinished != true
      else { throw error }
    }
    failures += 1
    try await clock.sleep(for: backoff.delay(beforeRetry: failures))
  }
}
