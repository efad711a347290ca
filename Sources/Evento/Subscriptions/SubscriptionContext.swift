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

/// Why a subscription could not go on.
public struct SubscriptionFailure: Error, Sendable, CustomStringConvertible {
  /// The subscriber's key in the store.
  public let key: String
  /// The event that could not be handled; `nil` where it was the store that failed.
  public let event: Event?
  /// What the handler threw, or an ``EventoError``: of the store, or because the event's payload can't be decoded.
  public let error: any Error
  /// How often in a row it has failed now, 1 for the first time.
  public let attempt: Int
  /// How long it waits before it tries again; `nil` where it does not.
  public let retryDelay: Duration?

  public var description: String {
    let what =
      event.map { "handle \($0.name) of \($0.aggregatorType) \($0.aggregatorID) (event \($0.id))" } ?? "continue"
    let then = retryDelay.map { ", next try in \($0)" } ?? ""
    return "Subscription \"\(key)\" can't \(what) (attempt \(attempt)\(then)): \(error)"
  }
}

/// Why a subscription ended in peace.
public enum SubscriptionEnd: Sendable, Hashable {
  /// It ran once, and has dealt with everything that there was.
  case caughtUp
  /// It was shut down, stopped by a handler, or its task was cancelled.
  case stopped
  /// Another worker holds the subscriber now.
  case takenOver
  /// It ran once, and the subscriber is disabled. From a store without
  /// ``Executor/subscriber(_:)``, it may also have been taken over.
  case disabled
}
