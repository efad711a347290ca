internal import Logging
internal import Synchronization

extension SubscriptionWorker {
  /// The worker whose handler runs in this task.
  @TaskLocal static var current: ULID?

  /// The progress of a worker through the log since it last checked its subscriber.
  struct Progress {
    /// The subscriber's cursor in the store.
    var remembered: Cursor?
    /// An acknowledgement that is being stored while further events are handled.
    fileprivate var pending: PendingAcknowledgement?

    init(remembered: Cursor?) {
      self.remembered = remembered
    }
  }

  /// Handles the events of a batch and acknowledges them, until it must stop.
  ///
  /// - Parameter hasMore: True if more events can be handled while the last acknowledgement is being stored.
  /// - Returns: The reason why the worker can't continue; `nil` if it can.
  func handle(
    _ batch: Batch, hasMore: Bool, _ progress: inout Progress, _ failures: inout FailureCounts
  ) async -> StopReason? {
    // For the whole batch: it costs as much as the handling of a small event.
    await Self.$current.withValue(id) { await handleAll(batch, hasMore: hasMore, &progress, &failures) }
  }

  private func handleAll(
    _ batch: Batch, hasMore: Bool, _ progress: inout Progress, _ failures: inout FailureCounts
  ) async -> StopReason? {
    var retried: Failure?
    var unacknowledged = Unacknowledged(latest: batch.latest, clock: options.clock)
    for index in batch.edges.indices {
      guard !signal.isStopped else { break }
      if let pending = progress.pending, pending.isStored || unacknowledged.mustSettle(options),
        let reason = await settle(&progress, &failures)
      {
        // What was handled meanwhile is acknowledged too.
        guard case .disabled = reason else { return reason }
        return await acknowledge(batch, &unacknowledged, &progress, &failures) ?? reason
      }
      if let error = await handle(batch.edges[index].node, attempt: failures.event + 1) {
        failures.event += 1
        let failure = Failure(edge: batch.edges[index], error: error, attempt: failures.event)
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
      unacknowledged.add(index)
      if index < batch.edges.count - 1, unacknowledged.isDue(options) {
        if let reason = await acknowledge(batch, &unacknowledged, &progress, &failures) { return reason }
      }
    }
    let mayWait = hasMore && retried == nil && !signal.isStopped
    switch await acknowledge(batch, &unacknowledged, &progress, &failures, laterIf: mayWait) {
    // An event that could not be handled is reported, whether or not the subscriber is disabled by now.
    case nil: return retried.map(StopReason.failed)
    case .disabled: return retried.map(StopReason.failed) ?? .disabled
    // The event comes again, and so does its error.
    case let reason?: return reason
    }
  }

  /// - Returns: The error that the handler threw.
  private func handle(_ event: Event, attempt: Int) async -> (any Error)? {
    let handler: Subscription.CatchAllHandler
    switch subscription.handlers.choice(for: event) {
    case .skip: return nil
    case .handle(let chosen): handler = event.isErased ? subscription.erasedHandler ?? chosen : chosen
    case nil:
      guard event.isErased, let erasedHandler = subscription.erasedHandler else {
        return subscription.checksSafety ? EventoError.unhandled(event, by: "Subscription \"\(key)\"") : nil
      }
      handler = erasedHandler
    }
    let context = SubscriptionContext(
      store: store, key: key, workerID: id, attempt: attempt, coder: subscription.coder,
      shared: subscription.shared, signal: signal)
    do {
      try await handler(event, context)
      return nil
    } catch {
      return error
    }
  }

  /// The events of a batch that are handled and not acknowledged yet.
  private struct Unacknowledged {
    /// The value of ``Batch/latest``.
    let latest: Timestamp
    let clock: any Clock<Duration>
    /// The index of the last one.
    private(set) var last: Int?
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

    /// True if no other event may be handled before the last acknowledgement is stored: it must be fewer events than
    /// are acknowledged together.
    func mustSettle(_ options: SubscriptionOptions) -> Bool {
      options.acknowledgeInterval.map { count >= $0 - 1 } ?? false
    }

    mutating func add(_ index: Int) {
      last = index
      count += 1
    }

    mutating func clear() {
      last = nil
      count = 0
      stopwatch = Stopwatch(clock)
    }
  }

  /// Acknowledges the handled events of a batch, for this worker only, and checks if it still holds the subscriber and
  /// may continue. One acknowledgement at a time is stored.
  ///
  /// - Parameter isLater: Returns before it is stored. Then the next acknowledgement, or ``settle(_:_:)``, has the result.
  /// - Returns: The reason why the worker can't continue; `nil` if it can.
  private func acknowledge(
    _ batch: Batch, _ events: inout Unacknowledged, _ progress: inout Progress, _ failures: inout FailureCounts,
    laterIf isLater: Bool = false
  ) async -> StopReason? {
    let reason = await settle(&progress, &failures)
    switch reason {
    case nil, .disabled: break
    default: return reason
    }
    guard let last = events.last else { return reason }
    let edge = batch.edges[last]
    let lag = min(max(Int(events.latest.seconds - edge.node.timestamp.seconds), 0), Subscriber.maximumLag)
    progress.pending = PendingAcknowledgement { [store, key, id] () throws in
      try await store.acknowledge(key, cursor: edge.cursor, lag: lag, workerID: id)
    }
    events.clear()
    return isLater ? reason : await settle(&progress, &failures) ?? reason
  }

  /// Waits until the pending acknowledgement, if any, is stored.
  ///
  /// - Returns: The reason why the worker can't continue; `nil` if it can.
  func settle(_ progress: inout Progress, _ failures: inout FailureCounts) async -> StopReason? {
    guard let pending = progress.pending else { return nil }
    progress.pending = nil
    switch await pending.result {
    case .success(let subscriber):
      succeeded(.store, &failures)
      progress.remembered = subscriber.cursor
      return subscriber.isEnabled ? nil : .disabled
    case .failure(let error as EventoError) where error.code == .subscriberTakenOver:
      return .ended(.takenOver)
    case .failure(let error):
      failures.store += 1
      return .failed(Failure(error: EventoError(wrapping: error), attempt: failures.store))
    }
  }
}

/// An acknowledgement that is being stored, in a task of its own, so that handled events are acknowledged even if the
/// worker is being cancelled.
private final class PendingAcknowledgement: Sendable {
  private let task: Task<Subscriber, any Error>
  private let flag = Flag()

  private final class Flag: Sendable {
    let isSet = Atomic(false)
  }

  init(_ store: @escaping @Sendable () async throws -> Subscriber) {
    task = Task { [flag] in
      defer { flag.isSet.store(true, ordering: .releasing) }
      return try await store()
    }
  }

  /// True once the store has responded.
  var isStored: Bool { flag.isSet.load(ordering: .acquiring) }

  /// The store's response; waits for it.
  var result: Result<Subscriber, any Error> {
    get async { await task.result }
  }
}
