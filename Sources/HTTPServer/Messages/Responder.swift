internal import Synchronization

/// Takes the one response to a request, from any thread.
///
/// If it is released without one, the client gets a 500, so that none waits without end.
package final class Responder: Sendable {
  private let mailbox: Mailbox
  private let token: Token
  private let limits: ConnectionLimits
  private let bodyBytes: Int
  private let cancellation: RequestCancellation
  private let isSpent = Atomic(false)

  /// - Parameters:
  ///   - token: The token of the connection that waits for the response, on the mailbox's loop.
  ///   - cancellation: Set when the connection stops waiting.
  ///   - bodyBytes: The bytes of the request's body, which count until there is a response.
  init(
    _ mailbox: Mailbox, _ token: Token, _ limits: ConnectionLimits, _ cancellation: RequestCancellation, bodyBytes: Int
  ) {
    self.mailbox = mailbox
    self.token = token
    self.limits = limits
    self.cancellation = cancellation
    self.bodyBytes = bodyBytes
  }

  /// True if the request is cancelled: the connection is closed, or the handler's deadline has passed. A client that
  /// has half-closed its connection may still wait.
  package var isCancelled: Bool { cancellation.isSet }

  deinit {
    send { Response(status: 500) }
  }

  /// Sends the response. If called more than once, the first one wins.
  ///
  /// - Parameter response: Called on the event loop's thread, so that a busy thread need not make the response: it must
  ///   not block.
  package func send(_ response: @escaping @Sendable () -> Response) {
    guard !isSpent.exchange(true, ordering: .relaxed) else { return }
    limits.releaseBody(bodyBytes)
    mailbox.send(.making(token, response))
  }
}

/// Cancels a request. The connection holds only this of a responder, so that the handler can release the last reference
/// to that.
final class RequestCancellation: Sendable {
  private let flag = Atomic(false)

  var isSet: Bool { flag.load(ordering: .relaxed) }

  func set() { flag.store(true, ordering: .relaxed) }
}

/// Reports once that the client has half-closed its connection: it sends no more.
///
/// The client may be gone, or still wait for the response (RFC 9112 §9.6). TCP reports both in the same way until
/// something is sent. So a long wait should end with the current response: a waiting client gets it, and the send fails
/// for one that is gone.
package final class HalfCloseSignal: Sendable {
  private struct State {
    var isSet = false
    var actions: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  init() {}

  /// Calls `action` when the client half-closes its connection, or at once if it already has.
  ///
  /// It is called on an event loop's thread, or the caller's: it must not block.
  package func onSet(_ action: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      if !state.isSet { state.actions.append(action) }
      return state.isSet
    }
    if isNow { action() }
  }

  func set() {
    let actions = state.withLock { state in
      state.isSet = true
      defer { state.actions = [] }
      return state.actions
    }
    for action in actions { action() }
  }
}
