internal import Synchronization

/// Asks a worker to stop, and wakes it where it sleeps.
final class StopSignal: Sendable {
  private struct State {
    var isStopped = false
    var sleeper: Task<Void, Never>?
  }

  private let state = Mutex(State())

  /// Whether the worker has been asked, or its task cancelled.
  var isStopped: Bool { Task.isCancelled || state.withLock(\.isStopped) }

  func stop() {
    let sleeper = state.withLock { state in
      state.isStopped = true
      return state.sleeper
    }
    sleeper?.cancel()
  }

  /// Sleeps until the time is over, or it is time to stop. One sleeper at a time.
  func sleep(for duration: Duration, by clock: any Clock<Duration>) async {
    guard duration > .zero else { return }
    // A sleep throws when it is cancelled, and for nothing else.
    await wait { _ = try? await clock.sleep(for: duration) }
  }

  /// Waits for something, or until it is time to stop: then it is cancelled. One at a time.
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
