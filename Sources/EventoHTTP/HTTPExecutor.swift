public import Evento
internal import EventoWire
internal import Logging

/// The store of a gateway, accessed over HTTP.
///
/// Any number of tasks can use it concurrently. They share its connections. All of libcurl runs on two threads of the
/// executor, one for calls and one for followers, so that nothing blocks Swift's cooperative pool. Cancelling a task
/// aborts its call, which then throws `unavailable`, because every error here is an `EventoError`: check
/// `Task.isCancelled`.
///
/// It throws the errors of the gateway's own store, with the same code and facts. It also throws `unavailable` if the
/// gateway can't be reached, does not respond in time, or the response is not a gateway's; see ``RetryPolicy`` for the
/// retries before that. `EventoError.isTransient` says whether waiting can help. It can't for a cancelled task, a
/// closed executor, an invalid certificate, or a response that is too large or can't be parsed. If a write ends with
/// such an error, it may or may not have been done. Send it again with the same ids: it is never stored twice.
public final class HTTPExecutor: Sendable {
  let gateway: GatewayClient
  /// For streams, which don't use the connections of the calls.
  let followers: GatewayClient
  /// The maximum size of a line in a stream.
  let lineLimit: ResponseLimit
  let failureLog: FailureLog

  /// Creates an executor. It connects at the first call.
  ///
  /// - Parameter baseURL: The URL of the gateway, such as `http://localhost:8080` or `https://example.org/evento`. The
  ///   paths of requests are appended to its path.
  /// - Throws: `invalid_request` if the URL or the configuration is invalid; `unavailable` if a thread can't be
  ///   started.
  public init(baseURL: String, configuration: HTTPConfiguration = HTTPConfiguration()) throws {
    let options = try configuration.transferOptions()
    lineLimit = configuration.responseLimit
    failureLog = FailureLog(configuration.logger)
    let base: BaseURL
    do {
      base = try BaseURL(baseURL)
    } catch {
      throw EventoError(.invalidRequest, "\(configuration.baseURLSetting) is not a valid URL: \(error.detail).")
    }
    do {
      gateway = GatewayClient(
        client: try TransferClient(options), base: base, callDeadline: configuration.callDeadline,
        retry: configuration.retry, traceparent: configuration.traceparent)
      followers = GatewayClient(
        client: try TransferClient(configuration.streamOptions(options)), base: base,
        callDeadline: configuration.callDeadline, retry: configuration.retry, traceparent: configuration.traceparent)
    } catch {
      throw EventoError(.unavailable, "The HTTP client can't be started: \(error.summary).", cause: error.detail)
    }
  }

  /// Cancels the calls in flight and closes all connections. Later calls throw `unavailable`.
  ///
  /// An executor that is released closes its connections too. This method waits until they are closed.
  public func close() async {
    await gateway.client.close()
    await followers.client.close()
  }
}

extension HTTPExecutor {
  /// Returns the events of the gateway's log. If the gateway can't be reached, closes the stream, stops sending or has
  /// no capacity, the sequence reconnects after the last event: at once, and then after delays that double, up to
  /// ``Backoff/maximumDelay`` of ``HTTPConfiguration/retry``. A `Retry-After` is respected up to that too. It throws errors that waiting can't
  /// fix, such as `unauthorized` or `cursor_not_in_history`, and an error if this executor is closed.
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
        return try await gateway.sendUntilResponse(
          .post("/events/query", request.json, successes: [200]), failureLog
        ).read(ReadResponse.page)
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

extension GatewayClient {
  /// Repeats a call until it gets a response, or an error that retries can't fix.
  fileprivate func sendUntilResponse(_ call: Call, _ log: FailureLog) async throws -> Response {
    var attempts = 0
    while true {
      do throws(Failure) {
        let response = try await perform(call)
        if attempts > 0 { log.followsAgain() }
        return response
      } catch {
        guard error.isTransient else { throw error.error }
        attempts += 1
        log.failedToFollow(error.error)
        do {
          try await Task.sleep(for: retry.backoff.delay(beforeRetry: attempts))
        } catch {
          throw EventoError.transfer(.cancelled)
        }
      }
    }
  }
}
