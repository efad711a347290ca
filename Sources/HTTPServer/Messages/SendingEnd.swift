internal import Synchronization

/// Tells, once, that the client of a request has sent all that it will.
///
/// It may be gone, or still wait for the answer (RFC 9112 §9.6): TCP tells the same of both, until something is sent to
/// it. So whoever would wait for long ends the wait with the answer that there is: one that waits has it, and one that
/// is gone is found out.
public final class SendingEnd: Sendable {
  private struct State {
    var hasCome = false
    var actions: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())

  init() {}

  /// Whether it has come.
  public var hasCome: Bool { state.withLock { $0.hasCome } }

  /// Calls `action` when it comes; at once if it already has.
  ///
  /// It is called on an event loop's thread, or the caller's: it must not block.
  public func onCome(_ action: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      if !state.hasCome { state.actions.append(action) }
      return state.hasCome
    }
    if isNow { action() }
  }

  func come() {
    let actions = state.withLock { state in
      state.hasCome = true
      defer { state.actions = [] }
      return state.actions
    }
    for action in actions { action() }
  }
}
