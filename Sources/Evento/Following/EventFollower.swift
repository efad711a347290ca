/// An executor that tells of events as they commit.
public protocol EventFollower: Executor {
  /// The matching events from a place on: those that are stored, then those that commit, in the order of commit.
  ///
  /// The sequence throws what ``Executor/read(_:routingKey:args:)`` throws, when it is iterated.
  ///
  /// - Parameters:
  ///   - aggregators: filters, of which one has to match; `nil`: all events.
  ///   - routingKey: the partition of the log.
  ///   - start: where to begin.
  func events(matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start) -> EventSequence
}

extension Executor {
  /// Follows the log in the best way that the executor has: as a follower, or page by page, waiting for its signal of
  /// commits, or for a moment where it has none.
  ///
  /// - Parameters:
  ///   - pollInterval: how long to wait at the end of the log of an executor that can't tell of commits.
  ///   - clock: what that wait goes by.
  public func follow(
    _ aggregators: [ReadAggregator]? = nil, routingKey: RoutingKey = .all, after start: Args.Start = .beginning,
    pollInterval: Duration = .milliseconds(100), clock: any Clock<Duration> = ContinuousClock()
  ) -> EventSequence {
    if let follower = self as? any EventFollower {
      return follower.events(matching: aggregators, routingKey: routingKey, after: start)
    }
    return eventsByPages(
      matching: aggregators, routingKey: routingKey, after: start, pollInterval: pollInterval, clock: clock)
  }

  /// The events over the reads that every executor has, and its ``CommitNotifier/commits`` where it has any: what
  /// ``follow(_:routingKey:after:pollInterval:clock:)`` does for an executor that is no follower, and all that most need
  /// to be one.
  public func eventsByPages(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start,
    pollInterval: Duration = .milliseconds(100), clock: any Clock<Duration> = ContinuousClock()
  ) -> EventSequence {
    let signal = (self as? any CommitNotifier)?.commits
    return EventSequence(after: start) {
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
