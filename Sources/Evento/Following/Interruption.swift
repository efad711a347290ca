internal import Synchronization

/// Ends the waits of one that follows, from some moment on: unlike the cancellation of its task, it leaves reads alone.
package final class Interruption: Sendable {
  private struct State {
    var hasCome = false
    var wake: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())

  package init() {}

  package var hasCome: Bool { state.withLock { $0.hasCome } }

  package func come() {
    let wake = state.withLock { state in
      state.hasCome = true
      defer { state.wake = {} }
      return state.wake
    }
    wake()
  }

  /// Names what ends the one wait that is under way: it is called when the interruption comes, unless it already has.
  func onCome(_ wake: @escaping @Sendable () -> Void) {
    state.withLock { state in
      if !state.hasCome { state.wake = wake }
    }
  }
}
