public import Evento
internal import EventoWire

extension HTTPExecutor: EventFollower {
  /// Goes on by itself, from the last event, where the gateway can't be reached, breaks off, falls silent or has no room:
  /// at once and then after pauses that double, up to ``RetryPolicy/longestPause``. It throws what waiting can't mend,
  /// such as `unauthorized` or `cursor_not_in_history`, and where this executor is closed.
  ///
  /// Each iteration has one request at the gateway, which holds its answer until something commits, on a connection of
  /// ``HTTPConfiguration/followerConnections``.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    EventSequence(after: start) { [followers] in
      { (start) throws(EventoError) in
        let args = Args.forward(first: Self.followedPageSize, after: start)
        try Args.check(aggregators, routingKey, args)
        let request = ReadRequest(
          aggregators: aggregators, routingKey: routingKey, args: args,
          // The place of now is asked for alone: it must not be another one after a connection was lost.
          wait: start == .now ? nil : Self.heldSeconds)
        return try await followers.sendUntilAnswered(.post("/events/query", request.json, successes: [200]))
          .read(Page.page)
      }
    }
  }

  /// How many events a follower holds at most, and asks for at once.
  private static let followedPageSize = 300
  /// How long the gateway holds an answer without events: as often as a stream shows that it is alive.
  static let heldSeconds = 15
}

extension Gateway {
  /// Sends a call again and again until there is an answer, or an error that stays.
  fileprivate func sendUntilAnswered(_ call: Call) async throws(EventoError) -> Answer {
    var attempts = 0
    while true {
      do throws(Failure) {
        return try await sendTracing(call)
      } catch {
        guard error.isPassing else { throw error.error }
        attempts += 1
        let pause = retry.pause(after: attempts, jitter: .random(in: RetryPolicy.jitters))
        do {
          try await Task.sleep(for: pause)
        } catch {
          throw .transfer(.cancelled)
        }
      }
    }
  }
}
