internal import Logging

extension SubscriptionWorker {
  /// The worker whose handler runs in this task.
  @TaskLocal static var current: ULID?

  /// Handles the events of a batch and acknowledges them, until it must stop.
  ///
  /// - Parameter remembered: The subscriber's cursor in the store.
  /// - Returns: The reason why the worker can't continue; `nil` if it can.
  func handle(_ batch: Batch, _ remembered: inout Cursor?, _ failures: inout FailureCounts) async -> StopReason? {
    var retried: Failure?
    var unacknowledged = Unacknowledged(latest: batch.latest, clock: options.clock)
    for edge in batch.edges {
      guard !signal.isStopped else { break }
      if let error = await handle(edge.node, attempt: failures.event + 1) {
        failures.event += 1
        let failure = Failure(edge: edge, error: error, attempt: failures.event)
        guard failures.event > options.retries, options.acceptsFailure, !Task.isCancelled else {
          retried = failure
          break
        }
        let reported = report(failure, retryDelay: nil)
        failureLog.failed("given up", .error, "Giving up. \(reported)")
        failures.event = 0
      } else {
        succeeded(.event, &failures)
      }
      unacknowledged.add(edge)
      if unacknowledged.isDue(options) {
        if let reason = await acknowledge(&unacknowledged, &remembered, &failures) { return reason }
      }
    }
    switch await acknowledge(&unacknowledged, &remembered, &failures) {
    // An event that could not be handled is reported, whether or not the subscriber is disabled by now.
    case nil: return retried.map(StopReason.failed)
    case .disabled: return retried.map(StopReason.failed) ?? .disabled
    // The event comes again, and so does its error.
    case let reason?: return reason
    }
  }

  /// - Returns: The error that the handler threw.
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

  /// Events that are handled and not acknowledged yet.
  private struct Unacknowledged {
    /// The value of ``Batch/latest``.
    let latest: Timestamp
    let clock: any Clock<Duration>
    private(set) var last: Edge<Event>?
    private var count = 0
    /// The time since the last acknowledgement, or since the batch was read.
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

  /// Acknowledges for this worker only, and checks if it still holds the subscriber and may continue.
  ///
  /// - Returns: The reason why the worker can't continue; `nil` if it can.
  private func acknowledge(
    _ events: inout Unacknowledged, _ remembered: inout Cursor?, _ failures: inout FailureCounts
  ) async -> StopReason? {
    guard let last = events.last else { return nil }
    let lag = min(max(Int(events.latest.seconds - last.node.timestamp.seconds), 0), Subscriber.maximumLag)
    // In a task of its own, so that handled events are acknowledged even if the worker is being cancelled.
    let task = Task<Subscriber, any Error> { [store, key, id] in
      try await store.acknowledge(key, cursor: last.cursor, lag: lag, workerID: id)
    }
    switch await task.result {
    case .success(let subscriber):
      events.clear()
      succeeded(.store, &failures)
      remembered = subscriber.cursor
      return subscriber.isEnabled ? nil : .disabled
    case .failure(let error as EventoError) where error.code == .subscriberTakenOver:
      return .ended(.takenOver)
    case .failure(let error):
      failures.store += 1
      return .failed(Failure(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }
}
