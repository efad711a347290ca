extension Subscription {
  /// Takes the subscriber, and handles what commits from now on, and what is there already, in a task of its own.
  ///
  /// A store that does not answer is asked again, as ``retry(_:backoff:)`` says, before this returns.
  ///
  /// - Throws: ``SubscriptionFailure`` where the store does not give the subscriber; with a `CancellationError`, where the caller's task is
  ///   cancelled before it has.
  public func start(on store: any Executor) async throws -> RunningSubscription {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else {
      throw SubscriptionFailure(key: key, event: nil, error: CancellationError(), attempt: 1, retryDelay: nil)
    }
    return RunningSubscription(worker)
  }

  /// ``start(on:)`` for the caller's own task: returns when it ends. Cancelling the task ends it; handlers see the
  /// cancellation, and an event whose handler returns all the same is acknowledged.
  ///
  /// - Throws: the ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func run(on store: any Executor) async throws -> SubscriptionEnd {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: false)
  }

  /// Takes the subscriber, handles everything that there is, and returns.
  ///
  /// - Throws: the ``SubscriptionFailure`` that ended it.
  @discardableResult
  public func runOnce(on store: any Executor) async throws -> SubscriptionEnd {
    let worker = SubscriptionWorker(self, store: store)
    guard try await worker.hold() else { return .stopped }
    return try await worker.run(once: true)
  }
}
