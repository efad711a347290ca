extension Executor {
  /// Returns ``events(matching:routingKey:after:)``; without arguments, all events from the beginning.
  public func follow(
    _ aggregators: [ReadAggregator]? = nil, routingKey: RoutingKey = .all, after start: Args.Start = .beginning
  ) -> EventSequence {
    events(matching: aggregators, routingKey: routingKey, after: start)
  }

  /// Returns the matching events after a position, read page by page.
  ///
  /// At the end of the log it waits for ``commits``, or polls if that is `nil`.
  ///
  /// - Parameters:
  ///   - pollInterval: how long to wait between polls.
  ///   - clock: measures `pollInterval`.
  public func eventsByPages(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start,
    pollInterval: Duration = .milliseconds(100), clock: any Clock<Duration> = ContinuousClock()
  ) -> EventSequence {
    let signal = commits
    return EventSequence(after: start, isPolled: signal == nil) {
      { (start) throws in
        // Before the read: what commits after it moves the count on, and the wait below returns at once.
        let count = signal?.count ?? 0
        let page = try await read(
          aggregators, routingKey: routingKey, args: .forward(first: followedPageSize, after: start))
        guard page.edges.isEmpty else { return page }
        if let signal {
          await signal.wait(past: count, until: .now + .seconds(60))
        } else {
          // Ends early only where it is cancelled, and then so does the sequence.
          try? await clock.sleep(for: pollInterval)
        }
        return page
      }
    }
  }
}

/// How many events a follower holds at most, and asks for at once.
private let followedPageSize = 300
