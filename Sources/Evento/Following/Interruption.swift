internal import Synchronization

/// Ends the waits of a follower from some time on. Unlike the cancellation of its task, it does not affect reads.
package final class Interruption: Sendable {
  private struct State {
    var isSet = false
    var wake: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())

  package init() {}

  package var isSet: Bool { state.withLock { $0.isSet } }

  package func set() {
    let wake = state.withLock { state in
      state.isSet = true
      defer { state.wake = {} }
      return state.wake
    }
    wake()
  }

  /// Sets the closure that ends the current wait. It is called when the interruption is set, unless it already is.
  func onSet(_ wake: @escaping @Sendable () -> Void) {
    state.withLock { state in
      if !state.isSet { state.wake = wake }
    }
  }
}
