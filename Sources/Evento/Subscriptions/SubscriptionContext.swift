/// What a subscription's handler knows beside the event.
public struct SubscriptionContext: Sendable {
  /// The store that the event was read from.
  public let store: any Executor
  /// The subscriber's key in the store.
  public let key: String
  /// Who handles: the worker that holds the subscriber.
  public let workerID: ULID
  /// 1 for the first time, and one more for each failure since something was last acknowledged.
  public let attempt: Int
  let coder: any EventCoder
  let shared: SharedData
  let signal: StopSignal

  /// What ``Subscription/data(_:)`` was given.
  ///
  /// - Throws: `missing_shared_data` where it was given nothing of this type.
  public func data<Value: Sendable>(_ type: Value.Type = Value.self) throws -> Value {
    try shared.value(type)
  }

  /// Ends the subscription once this event is dealt with.
  public func stop() {
    signal.stop()
  }
}
