internal import Synchronization

/// Stops a worker, and wakes it if it sleeps.
final class StopSignal: Sendable {
  private struct State {
    var isStopped = false
    var sleeper: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// True if the worker has been stopped, or its task cancelled.
  var isStopped: Bool { Task.isCancelled || state.withLock(\.isStopped) }

  func stop() {
    let sleeper = state.withLock { state in
      state.isStopped = true
      return state.sleeper
    }
    sleeper?.cancel()
  }

  /// Sleeps until the time is over, or it must stop. Only one task can sleep at a time.
  func sleep(for duration: Duration, by clock: any Clock<Duration>) async {
    guard duration > .zero else { return }
    // A sleep throws only when it is cancelled.
    await wait { _ = try? await clock.sleep(for: duration) }
  }

  /// Waits for something, or until it must stop: then the wait is cancelled. Only one task can wait at a time.
  func wait(for something: @escaping @Sendable () async -> Void) async {
    let sleeper = Task { await something() }
    let isStopped = state.withLock { state in
      state.sleeper = sleeper
      return state.isStopped
    }
    if isStopped { sleeper.cancel() }
    await withTaskCancellationHandler {
      await sleeper.value
    } onCancel: {
      sleeper.cancel()
    }
    state.withLock { $0.sleeper = nil }
  }
}
