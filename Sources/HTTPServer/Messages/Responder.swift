internal import Synchronization

/// Takes the one answer to a request, from whatever thread.
///
/// One that is dropped without an answer gives a 500: no client waits for what will never come.
public final class Responder: Sendable {
  private let deliver: @Sendable (@escaping @Sendable () -> Response) -> Void
  private let isSpent = Atomic(false)

  init(_ deliver: @escaping @Sendable (@escaping @Sendable () -> Response) -> Void) {
    self.deliver = deliver
  }

  deinit {
    send { Response(status: 500) }
  }

  /// Gives the answer; what is given after the first one is thrown away.
  ///
  /// - Parameter response: called on the event loop's thread, so that a thread which has more to do need not make it:
  ///   it must not block.
  public func send(_ response: @escaping @Sendable () -> Response) {
    guard !isSpent.exchange(true, ordering: .relaxed) else { return }
    deliver(response)
  }
}
