/// The context of a subscription's handler.
public struct SubscriptionContext: Sendable {
  /// The store that the event was read from.
  public let store: any Executor
  /// The subscriber's key in the store.
  public let key: String
  /// The worker that holds the subscriber.
  public let workerID: ULID
  /// The number of the attempt: 1 for the first, and one more for each failure since the last acknowledgement.
  public let attempt: Int
  let coder: any EventCoder
  let shared: SharedData
  let signal: StopSignal

  /// Returns a value that was passed to ``Subscription/data(_:)``.
  ///
  /// - Throws: `missing_shared_data` if no value of this type was passed.
  public func data<Value: Sendable>(_ type: Value.Type = Value.self) throws -> Value {
    try shared.value(type)
  }

  /// Ends the subscription once this event is handled.
  public func stop() {
    signal.stop()
  }
}
