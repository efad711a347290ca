/// A subscription that works in a task of its own.
///
/// It continues until it is shut down, cancelled, taken over, or fails, whether or not this value is kept. If the value
/// is lost, the subscription continues, and can only be taken over, or stopped by its own handler
/// (``SubscriptionContext/stop()``). If it must end with a task of yours, run it in that task:
/// ``Subscription/run(on:)``.
public struct RunningSubscription: Sendable {
  /// The subscriber's key in the store.
  public let key: String
  /// The worker that holds the subscriber.
  public let workerID: ULID
  private let signal: StopSignal
  private let task: Task<SubscriptionOutcome, any Error>

  init(_ worker: SubscriptionWorker) {
    key = worker.key
    workerID = worker.id
    signal = worker.signal
    task = Task { try await worker.run(once: false) }
  }

  /// Stops the subscription, and waits until it has ended: the current event is handled and acknowledged, and a wait is
  /// cut short. Called by its own handler, it does not wait, and the end is `stopped`.
  ///
  /// It waits for the handler without a limit, and cancelling the wait does not end it. If you can't wait any longer,
  /// call ``cancel()``.
  ///
  /// - Returns: The reason for the end: `stopped`, unless it had ended before.
  /// - Throws: The ``SubscriptionFailure`` that had ended it before.
  @discardableResult
  public func shutdown() async throws -> SubscriptionOutcome {
    signal.stop()
    guard SubscriptionWorker.current != workerID else { return .stopped }
    return try await waitUntilEnded()
  }

  /// Cancels the subscription's task and does not wait: a call of the store is aborted, and the handler of the current
  /// event sees the cancellation. An event whose handler still returns is acknowledged. One whose handler throws is not
  /// a failure, and the next worker handles it again. A handler that ignores the cancellation continues until it
  /// returns; ``waitUntilEnded()`` waits for that.
  public func cancel() {
    task.cancel()
  }

  /// Waits until it has ended by itself. Cancelling the wait ends neither the subscription nor the wait.
  ///
  /// - Returns: The reason for the end.
  /// - Throws: The ``SubscriptionFailure`` that ended it.
  public func waitUntilEnded() async throws -> SubscriptionOutcome {
    try await task.value
  }
}
