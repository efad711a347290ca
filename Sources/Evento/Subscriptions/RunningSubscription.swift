/// A subscription that works in a task of its own.
///
/// It goes on until it is shut down, cancelled, taken over, or fails. Whether somebody keeps this value is all the same:
/// where it is lost, the subscription works on, and can only be taken over, or stopped by a handler of its own
/// (``SubscriptionContext/stop()``). What is to end with a task of yours runs in it: ``Subscription/run(on:)``.
public struct RunningSubscription: Sendable {
  /// The subscriber's key in the store.
  public let key: String
  /// The worker that holds the subscriber.
  public let workerID: ULID
  private let signal: StopSignal
  private let task: Task<SubscriptionEnd, any Error>

  init(_ worker: SubscriptionWorker) {
    key = worker.key
    workerID = worker.id
    signal = worker.signal
    task = Task { try await worker.run(once: false) }
  }

  /// Asks it to end, and waits until it has: the event that is being handled is finished and acknowledged, a wait is
  /// cut short. Called by a handler of its own, it does not wait, and the end is `stopped`.
  ///
  /// It waits for the handler as long as that takes, and cancelling the wait does not end it: where you can't wait any
  /// more, ``cancel()``.
  ///
  /// - Returns: why it ended; `stopped`, unless it had ended before.
  /// - Throws: the ``SubscriptionFailure`` that had ended it before.
  @discardableResult
  public func shutdown() async throws -> SubscriptionEnd {
    signal.stop()
    guard SubscriptionWorker.current != workerID else { return .stopped }
    return try await end()
  }

  /// Cancels the task that it works in, and does not wait: a call of the store is aborted, and the handler of the event in
  /// hand sees the cancellation. An event whose handler returns all the same is acknowledged; one whose handler throws is
  /// no failure, and is handled again by whoever takes the subscriber next. A handler that does not heed the cancellation
  /// goes on until it returns; ``end()`` tells when it has.
  public func cancel() {
    task.cancel()
  }

  /// Waits until it has ended by itself. Cancelling the wait does not end the subscription, nor the wait.
  ///
  /// - Returns: why it ended.
  /// - Throws: the ``SubscriptionFailure`` that ended it.
  public func end() async throws -> SubscriptionEnd {
    try await task.value
  }
}
