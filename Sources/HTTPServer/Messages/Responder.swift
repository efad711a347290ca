internal import Synchronization

/// Takes the one answer to a request, from whatever thread.
///
/// One that is dropped without an answer gives a 500: no client waits for what will never come.
public final class Responder: Sendable {
  private let mailbox: Mailbox
  private let token: Token
  private let counters: Counters
  private let bodyBytes: Int
  private let isSpent = Atomic(false)

  /// - Parameters:
  ///   - token: of the connection that waits for the answer, on the mailbox's loop.
  ///   - bodyBytes: of the request's body, which count until there is an answer.
  init(_ mailbox: Mailbox, _ token: Token, _ counters: Counters, bodyBytes: Int) {
    self.mailbox = mailbox
    self.token = token
    self.counters = counters
    self.bodyBytes = bodyBytes
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
    counters.releaseBody(bodyBytes)
    mailbox.send(.making(token, response))
  }
}
