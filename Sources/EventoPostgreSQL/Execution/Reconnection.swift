internal import Dispatch
internal import Evento

extension Backoff {
  /// The delays between attempts to reach a server. A new leader is found within half a second.
  static let reconnection = Backoff(initialDelay: .milliseconds(40), maximumDelay: .milliseconds(500))
}

extension DispatchQueue {
  /// Runs `body` after a delay.
  func async(after delay: Duration, _ body: @escaping @Sendable () -> Void) {
    asyncAfter(deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1))), execute: body)
  }
}
