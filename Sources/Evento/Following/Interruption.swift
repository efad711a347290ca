internal import Synchronization

/// Ends the waits of a follower from some time on. Unlike the cancellation of its task, it does not affect reads.
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

  /// Sets the closure that ends the current wait. It is called when the interruption comes, unless it already has.
  func onCome(_ wake: @escaping @Sendable () -> Void) {
    state.withLock { state in
      if !state.hasCome { state.wake = wake }
    }
  }
}
