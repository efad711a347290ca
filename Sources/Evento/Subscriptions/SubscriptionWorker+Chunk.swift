internal import Logging

extension SubscriptionWorker {
  /// The worker whose handler runs in this task.
  @TaskLocal static var current: ULID?

  enum Outcome {
    /// Whatever was read is dealt with, or as much of it as was done before the worker was to stop.
    case dealtWith(hasMore: Bool)
    case disabled
    case takenOver
    case failed(Trouble)
  }

  /// Reads a chunk from the place that the store remembers, handles its events and acknowledges them.
  func workOnChunk(_ failures: inout Failures) async -> Outcome {
    let page: ReadResult<Event>
    let latest: Timestamp
    do {
      guard try await store.isSubscriberRunning(key, workerID: id) else { return try await whyNotRunning() }
      let cursor = try await store.getSubscriberCursor(key)
      page = try await store.read(
        filters, routingKey: subscription.routing,
        args: .forward(first: options.chunkSize, after: cursor.map(Args.Start.after) ?? .beginning))
      latest = try await latestTimestamp(page)
    } catch {
      failures.store += 1
      return .failed(Trouble(error: EventoError(wrapping: error), attempt: failures.store))
    }
    if page.edges.isEmpty { succeeded(.store, &failures) }
    return await workThrough(page, latest: latest, &failures)
  }

  private func workThrough(
    _ page: ReadResult<Event>, latest: Timestamp, _ failures: inout Failures
  ) async -> Outcome {
    var trouble: Trouble?
    var unacknowledged = Unacknowledged(latest: latest, clock: options.clock)
    for edge in page.edges {
      guard !signal.isStopped else { break }
      if let error = await handle(edge.node, attempt: failures.event + 1) {
        failures.event += 1
        let met = Trouble(edge: edge, error: error, attempt: failures.event)
        guard failures.event > options.retries, options.acceptsFailure, !Task.isCancelled else {
          trouble = met
          break
        }
        let failure = report(met, retryDelay: nil)
        failureLog.failed("given up", .error, "Giving up. \(failure)")
        failures.event = 0
      } else {
        succeeded(.event, &failures)
      }
      unacknowledged.add(edge)
      if unacknowledged.isDue(options) {
        if let outcome = await acknowledge(&unacknowledged, &failures) { return outcome }
      }
    }
    // Where this fails, an event that could not be handled comes again, and so does its trouble.
    if let outcome = await acknowledge(&unacknowledged, &failures) { return outcome }
    return trouble.map(Outcome.failed) ?? .dealtWith(hasMore: page.pageInfo.hasNextPage)
  }

  /// - Returns: what the handler threw.
  private func handle(_ event: Event, attempt: Int) async -> (any Error)? {
    switch subscription.handlers.choice(for: event) {
    case .skip: return nil
    case nil: return subscription.checksSafety ? EventoError.unhandled(event, by: "Subscription \"\(key)\"") : nil
    case .handle(let handler):
      let context = SubscriptionContext(
        store: store, key: key, workerID: id, attempt: attempt, coder: subscription.coder,
        shared: subscription.shared, signal: signal)
      do {
        try await Self.$current.withValue(id) { try await handler(event, context) }
        return nil
      } catch {
        return error
      }
    }
  }

  /// Events that are dealt with, and not acknowledged yet.
  private struct Unacknowledged {
    /// The time of the newest event that there is to handle: the measure of the lag.
    let latest: Timestamp
    let clock: any Clock<Duration>
    private(set) var last: Edge<Event>?
    private var count = 0
    /// Since the last acknowledgement, or since the chunk was read.
    private var stopwatch: Stopwatch

    init(latest: Timestamp, clock: any Clock<Duration>) {
      self.latest = latest
      self.clock = clock
      stopwatch = Stopwatch(clock)
    }

    func isDue(_ options: SubscriptionOptions) -> Bool {
      options.acknowledgeInterval.map { count >= $0 } ?? (stopwatch.elapsed >= options.acknowledgePause)
    }

    mutating func add(_ edge: Edge<Event>) {
      last = edge
      count += 1
    }

    mutating func clear() {
      last = nil
      count = 0
      stopwatch = Stopwatch(clock)
    }
  }

  /// Acknowledges for this worker alone: it is the moment at which a take-over is noticed.
  ///
  /// - Returns: why the worker can't go on; `nil` where it can.
  private func acknowledge(_ events: inout Unacknowledged, _ failures: inout Failures) async -> Outcome? {
    guard let last = events.last else { return nil }
    let lag = min(max(Int(events.latest.seconds - last.node.timestamp.seconds), 0), Subscriber.maximumLag)
    // In a task of its own: what has been handled is acknowledged even where the worker is cancelled just now.
    let task = Task<Void, any Error> { [store, key, id] in
      _ = try await store.acknowledge(key, cursor: last.cursor, lag: lag, workerID: id)
    }
    switch await task.result {
    case .success:
      events.clear()
      succeeded(.store, &failures)
      return nil
    case .failure(let error as EventoError) where error.code == .subscriberTakenOver:
      return .takenOver
    case .failure(let error):
      failures.store += 1
      return .failed(Trouble(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }

  private func latestTimestamp(_ page: ReadResult<Event>) async throws -> Timestamp {
    let last = page.edges.last?.node.timestamp ?? Timestamp(milliseconds: 0)
    guard page.pageInfo.hasNextPage else { return last }
    let newest = try await store.read(filters, routingKey: subscription.routing, args: .backward(last: 1))
    return newest.edges.last?.node.timestamp ?? last
  }

  /// Whether the subscriber is disabled, or another worker has it. A store that can't tell leaves it at disabled.
  private func whyNotRunning() async throws -> Outcome {
    guard let directory = store as? any SubscriberDirectory else { return .disabled }
    let subscriber: Subscriber?
    do {
      subscriber = try await directory.subscriber(key)
    } catch let error as EventoError where error.code == .notImplemented {
      return .disabled
    }
    guard let subscriber else { throw EventoError.subscriberNotFound(key) }
    return subscriber.workerID == id ? .disabled : .takenOver
  }
}
