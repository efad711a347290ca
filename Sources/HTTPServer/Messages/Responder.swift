internal import Synchronization

/// Takes the one answer to a request, from whatever thread.
///
/// One that is dropped without an answer gives a 500: no client waits for what will never come.
public final class Responder: Sendable {
  private let mailbox: Mailbox
  private let token: Token
  private let counters: Counters
  private let bodyBytes: Int
  private let departure: Departure
  private let isSpent = Atomic(false)

  /// - Parameters:
  ///   - token: of the connection that waits for the answer, on the mailbox's loop.
  ///   - departure: of whoever waits for the answer.
  ///   - bodyBytes: of the request's body, which count until there is an answer.
  init(_ mailbox: Mailbox, _ token: Token, _ counters: Counters, _ departure: Departure, bodyBytes: Int) {
    self.mailbox = mailbox
    self.token = token
    self.counters = counters
    self.departure = departure
    self.bodyBytes = bodyBytes
  }

  /// Whether nobody waits for the answer any more: the connection is closed, or the handler's deadline has passed. One
  /// that has sent its end may still wait.
  public var isUnwanted: Bool { departure.hasCome }

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
