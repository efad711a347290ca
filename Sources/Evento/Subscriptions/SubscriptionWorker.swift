internal import Logging

/// One worker of a subscription: goes through the log, handles events and acknowledges them, and tries again.
struct SubscriptionWorker: Sendable {
  let subscription: Subscription
  let store: any Executor
  let id = ULID()
  let signal = StopSignal()
  let key: String
  let filters: [ReadAggregator]
  /// Whether the store streams events, and can't tell of commits.
  let isStreamed: Bool
  let failureLog: FailureLog

  var options: SubscriptionOptions { subscription.options }

  init(_ subscription: Subscription, store: any Executor) {
    self.subscription = subscription
    self.store = store
    key = subscription.key
    filters = subscription.filters
    failureLog = FailureLog(subscription.options.logger, clock: subscription.options.clock)
    // The worker polls by itself: a sequence that does so too has nothing to tell it.
    isStreamed =
      store.commits == nil
      && !store.events(matching: filters, routingKey: subscription.routing, after: .beginning).isPolled
  }

  /// Takes hold of the subscriber, and sends it back to the beginning where it is to replay.
  ///
  /// - Returns: false where the task was cancelled before.
  func hold() async throws -> Bool {
    var isHeld = false
    var attempt = 0
    repeat {
      do {
        // Once alone: another worker may have taken it over since.
        if !isHeld { try await store.upsertSubscriber(key, workerID: id) }
        isHeld = true
        if options.replays { try await store.acknowledge(key, cursor: nil, lag: 0, workerID: id) }
        return true
      } catch {
        attempt += 1
        try await recover(from: Trouble(error: EventoError(wrapping: error), attempt: attempt))
      }
    } while !signal.isStopped
    return false
  }

  /// Works until it is stopped, or the subscriber taken over.
  ///
  /// - Parameter once: ends as soon as there is nothing more to read.
  func run(once: Bool) async throws -> SubscriptionEnd {
    await signal.sleep(for: options.delay, by: options.clock)
    var failures = Failures()
    while !signal.isStopped {
      switch await goThroughLog(once: once, &failures) {
      case .ended(let end):
        return end
      case .disabled:
        if once { return .disabled }
        // To be enabled again is no commit.
        await signal.sleep(for: options.pollInterval, by: options.clock)
      case .moved:
        continue
      case .followerFailed:
        // The reads that come next meet it too, and report it.
        await signal.sleep(for: options.pollInterval, by: options.clock)
      case .failed(let trouble):
        try await recover(from: trouble)
      }
    }
    return .stopped
  }

  /// Reports what went wrong, and waits before it is tried again.
  ///
  /// - Throws: where it is not tried again.
  private func recover(from trouble: Trouble) async throws {
    // What fails because the task is cancelled is no failure: the event is handled some other time.
    guard !Task.isCancelled else { return }
    let isFinal =
      trouble.isLasting || trouble.attempt > options.retries && !(trouble.edge == nil && options.acceptsFailure)
    let delay = isFinal || signal.isStopped ? nil : options.backoff.delay(beforeRetry: trouble.attempt)
    let failure = report(trouble, retryDelay: delay)
    if isFinal {
      failureLog.log(.error, "Ended: \(failure)")
    } else {
      failureLog.failed(trouble.kind.rawValue, .warning, "\(failure)")
    }
    if let delay {
      await signal.sleep(for: delay, by: options.clock)
    } else if !signal.isStopped {
      throw failure
    }
  }

  @discardableResult
  func report(_ trouble: Trouble, retryDelay: Duration?) -> SubscriptionFailure {
    let failure = SubscriptionFailure(
      key: key, event: trouble.edge?.node, error: trouble.error, attempt: trouble.attempt, retryDelay: retryDelay)
    options.onFailure(failure)
    return failure
  }
}

extension SubscriptionWorker {
  /// Counts the store, or the event that is next, as working.
  func succeeded(_ kind: Trouble.Kind, _ failures: inout Failures) {
    let count = failures[kind]
    guard count > 0 else { return }
    failures[kind] = 0
    failureLog.recovered(kind.rawValue, "Subscription \"\(key)\" continues after \(count) failed attempts.")
  }
}

/// How often in a row something has gone wrong. They are counted apart: a store that was away for long does not use up
/// the attempts of an event.
struct Failures {
  /// To handle the event that is next.
  var event = 0
  /// To read or to acknowledge.
  var store = 0

  subscript(_ kind: Trouble.Kind) -> Int {
    get { kind == .event ? event : store }
    set { if kind == .event { event = newValue } else { store = newValue } }
  }
}

/// Something that went wrong.
struct Trouble {
  /// The event that could not be handled; `nil` where it was the store that failed.
  var edge: Edge<Event>?
  let error: any Error
  /// How often in a row, this time included.
  let attempt: Int

  enum Kind: String {
    case event, store
  }

  var kind: Kind { edge == nil ? .store : .event }

  /// Whether the store has said something that waiting does not mend. What a handler throws may have any reason.
  var isLasting: Bool { edge == nil && (error as? EventoError)?.isTransient == false }
}
