public import Evento
internal import EventoWire

extension HTTPExecutor: EventFollower {
  /// Goes on by itself, from the last event, where the gateway can't be reached, breaks off, falls silent or has no room:
  /// at once and then after pauses that double, up to ``RetryPolicy/longestPause``. A `Retry-After` counts up to that
  /// too. It throws what waiting can't mend,
  /// such as `unauthorized` or `cursor_not_in_history`, and where this executor is closed.
  ///
  /// Each iteration has one stream at the gateway (`POST /events/stream`), on a connection of
  /// ``HTTPConfiguration/followerConnections``. It holds about half a megabyte of what has come and is not taken yet, or
  /// one larger event; behind that the gateway waits.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    EventSequence(after: start) { [gateway, followers, lineBytes] in
      let stream = LogStream(followers, aggregators, routingKey, lineBytes: lineBytes)
      return { (start) throws(EventoError) in
        try Args.check(aggregators, routingKey, .forward(after: start))
        // The place of now is asked for alone: it must not be another one after a connection was lost.
        guard start == .now else { return try await stream.nextPage(after: start) }
        let request = ReadRequest(
          aggregators: aggregators, routingKey: routingKey, args: .forward(first: 0, after: .now))
        return try await gateway.sendUntilAnswered(.post("/events/query", request.json, successes: [200]))
          .read(Page.page)
      }
    }
  }
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
