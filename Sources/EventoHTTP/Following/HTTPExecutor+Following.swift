public import Evento
internal import EventoWire
internal import Logging

extension HTTPExecutor {
  /// Goes on by itself, from the last event, where the gateway can't be reached, breaks off, falls silent or has no room:
  /// at once and then after pauses that double, up to ``RetryPolicy/longestPause``. A `Retry-After` counts up to that
  /// too. It throws what waiting can't mend,
  /// such as `unauthorized` or `cursor_not_in_history`, and where this executor is closed.
  ///
  /// Each iteration has one stream at the gateway (`POST /events/stream`), on a connection of
  /// ``HTTPConfiguration/followerConnections``. It buffers about half a megabyte of unread events, or one larger event;
  /// beyond that, the gateway waits.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    EventSequence(after: start) { [gateway, followers, lineLimit, failureLog] in
      let stream = LogStream(followers, aggregators, routingKey, lineLimit: lineLimit, failureLog)
      return { (start) throws in
        try Args.check(aggregators, routingKey, .forward(after: start))
        // The position of `now` is requested separately: it must not change if the connection is lost later.
        guard start == .now else { return try await stream.nextPage(after: start) }
        let request = ReadRequest(
          aggregators: aggregators, routingKey: routingKey, args: .forward(first: 0, after: .now))
        return try await gateway.sendUntilAnswered(
          .post("/events/query", request.json, successes: [200]), failureLog
        ).read(Page.page)
      }
    }
  }
}

extension FailureLog {
  func failedToFollow(_ error: EventoError) {
    failed("follow", .warning, "Can't follow the gateway's log. Retrying. \(error)")
  }

  func followsAgain() {
    recovered("follow", "Following the gateway's log again.")
  }
}

extension Gateway {
  /// Repeats a call until it gets a response, or an error that retries can't fix.
  fileprivate func sendUntilAnswered(_ call: Call, _ log: FailureLog) async throws -> Answer {
    var attempts = 0
    while true {
      do throws(Failure) {
        let answer = try await sendTracing(call)
        if attempts > 0 { log.followsAgain() }
        return answer
      } catch {
        guard error.isTransient else { throw error.error }
        attempts += 1
        log.failedToFollow(error.error)
        let pause = retry.pause(after: attempts, jitter: .random(in: RetryPolicy.jitters))
        do {
          try await Task.sleep(for: pause)
        } catch {
          throw EventoError.transfer(.cancelled)
        }
      }
    }
  }
}
