/// The reason why a subscription could not continue.
public struct SubscriptionFailure: Error, Sendable, CustomStringConvertible {
  /// The subscriber's key in the store.
  public let key: String
  /// The event that could not be handled; `nil` if the store failed.
  public let event: Event?
  /// The error that the handler threw, or an ``EventoError`` of the store or of the decoding of the payload.
  public let error: any Error
  /// The number of failures in a row, 1 for the first.
  public let attempt: Int
  /// The delay before the retry; `nil` if there is no retry.
  public let retryDelay: Duration?

  public var description: String {
    let what =
      event.map { "handle \($0.name) of \($0.aggregatorType) \($0.aggregatorID) (event \($0.id))" } ?? "continue"
    let then = retryDelay.map { ", next try in \($0)" } ?? ""
    return "Subscription \"\(key)\" can't \(what) (attempt \(attempt)\(then)): \(error)"
  }
}

/// The reason why a subscription ended without an error.
public enum SubscriptionOutcome: Sendable, Hashable {
  /// It ran once, and has handled all events in the log.
  case caughtUp
  /// It was shut down, stopped by a handler, or its task was cancelled.
  case stopped
  /// Another worker holds the subscriber now.
  case takenOver
  /// It ran once, and the subscriber is disabled. From a store without
  /// ``Executor/subscriber(_:)``, it may also have been taken over.
  case disabled
}
