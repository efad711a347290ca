internal import Logging

/// One worker of a subscription: reads the log, handles events and acknowledges them, and retries.
struct SubscriptionWorker: Sendable {
  let subscription: Subscription
  let store: any Executor
  let id = ULID()
  let signal = StopSignal()
  let key: String
  let filters: [ReadAggregator]
  /// True if the store streams events, and can't report commits.
  let isStreamed: Bool
  let failureLog: FailureLog

  var options: SubscriptionOptions { subscription.options }

  init(_ subscription: Subscription, store: any Executor) {
    self.subscription = subscription
    self.store = store
    key = subscription.key
    filters = subscription.filters
    failureLog = FailureLog(subscription.options.logger, clock: subscription.options.clock)
    // The worker polls by itself, so a sequence that also polls is of no use.
    isStreamed =
      store.commits == nil
      && !store.events(matching: filters, routingKey: subscription.routing, after: .beginning).isPolled
  }

  /// Takes the subscriber, and sets it back to the beginning if it must replay.
  ///
  /// - Returns: False if the task was cancelled before.
  func hold() async throws -> Bool {
    var isHeld = false
    var attempt = 0
    repeat {
      do {
        // Only once: another worker may have taken it over since.
        if !isHeld { try await store.upsertSubscriber(key, workerID: id) }
        isHeld = true
        if options.replays { try await store.acknowledge(key, cursor: nil, lag: 0, workerID: id) }
        return true
      } catch {
        attempt += 1
        try await recover(from: Failure(error: EventoError(wrapping: error), attempt: attempt))
      }
    } while !signal.isStopped
    return false
  }

  /// Works until it is stopped, or the subscriber is taken over.
  ///
  /// - Parameter once: Ends as soon as there is nothing more to read.
  func run(once: Bool) async throws -> SubscriptionOutcome {
    await signal.sleep(for: options.delay, by: options.clock)
    var failures = FailureCounts()
    while !signal.isStopped {
      switch await goThroughLog(once: once, &failures) {
      case .ended(let outcome):
        return outcome
      case .disabled:
        if once { return .disabled }
        // Enabling the subscriber is not a commit.
        await signal.sleep(for: options.pollInterval, by: options.clock)
      case .moved:
        continue
      case .streamFailed(let error):
        // If the store is away, the next reads get the error too, and report it. If only streams are refused, the worker
        // continues by reads, which is slower.
        failureLog.failed("stream", .warning, "Subscription \"\(key)\" can't stream its events, and polls: \(error)")
        await signal.sleep(for: options.pollInterval, by: options.clock)
      case .failed(let failure):
        try await recover(from: failure)
      }
    }
    return .stopped
  }

  /// Reports a failure, and waits before the retry.
  ///
  /// - Throws: If it is not retried.
  private func recover(from failure: Failure) async throws {
    // An error because of the cancelled task is not a failure: the event is handled another time.
    guard !Task.isCancelled else { return }
    let isFinal =
      failure.isPermanent || failure.attempt > options.retries && !(failure.edge == nil && options.acceptsFailure)
    let delay = isFinal || signal.isStopped ? nil : options.backoff.delay(beforeRetry: failure.attempt)
    let reported = report(failure, retryDelay: delay)
    if isFinal {
      failureLog.log(.error, "Ended: \(reported)")
    } else {
      failureLog.failed(failure.kind.rawValue, .warning, "\(reported)")
    }
    if let delay {
      await signal.sleep(for: delay, by: options.clock)
    } else if !signal.isStopped {
      throw reported
    }
  }

  /// Passes a failure to the subscription's owner.
  func report(_ failure: Failure, retryDelay: Duration?) -> SubscriptionFailure {
    let reported = SubscriptionFailure(
      key: key, event: failure.edge?.node, error: failure.error, attempt: failure.attempt, retryDelay: retryDelay)
    options.onFailure(reported)
    return reported
  }
}

extension SubscriptionWorker {
  /// Resets the count of failures of the store, or of the next event.
  func succeeded(_ kind: Failure.Kind, _ failures: inout FailureCounts) {
    let count = failures[kind]
    guard count > 0 else { return }
    failures[kind] = 0
    let attempts = count == 1 ? "a failed attempt" : "\(count) failed attempts"
    failureLog.recovered(kind.rawValue, "Subscription \"\(key)\" continues after \(attempts).")
  }

  /// The numbers of failures in a row. They are counted separately: a store that was unavailable for long does not use
  /// up the attempts of an event.
  struct FailureCounts {
    /// The failures to handle the next event.
    var event = 0
    /// The failures to read or acknowledge.
    var store = 0

    subscript(_ kind: Failure.Kind) -> Int {
      get { kind == .event ? event : store }
      set { if kind == .event { event = newValue } else { store = newValue } }
    }
  }

  /// A failure of the store, or of a handler.
  struct Failure {
    /// The event that could not be handled; `nil` if the store failed.
    var edge: Edge<Event>?
    let error: any Error
    /// The number of failures in a row, including this one.
    let attempt: Int

    enum Kind: String {
      case event, store
    }

    var kind: Kind { edge == nil ? .store : .event }

    /// True if the store reported an error that waiting does not fix. An error of a handler can have any reason.
    var isPermanent: Bool { edge == nil && (error as? EventoError)?.isTransient == false }
  }
}
