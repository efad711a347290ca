import Synchronization

/// Lets a test wait for something that happens once, and what it was.
final class Signal: Sendable {
  private struct State {
    var value: (any Error)?
    var hasFired = false
    var waiting: [CheckedContinuation<(any Error)?, Never>] = []
  }

  private let state = Mutex(State())

  func fire(_ value: (any Error)? = nil) {
    let waiting = state.withLock { state in
      guard !state.hasFired else { return [CheckedContinuation<(any Error)?, Never>]() }
      state.hasFired = true
      state.value = value
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume(returning: value) }
  }

  @discardableResult func wait() async -> (any Error)? {
    await withCheckedContinuation { continuation in
      let (isOver, value) = state.withLock { state in
        if !state.hasFired { state.waiting.append(continuation) }
        return (state.hasFired, state.value)
      }
      if isOver { continuation.resume(returning: value) }
    }
  }
}
