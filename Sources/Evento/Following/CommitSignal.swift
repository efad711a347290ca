internal import Synchronization

/// Wakes tasks that wait for a commit.
///
/// The signal carries no events: a task that it wakes reads the log from its own position. So events reach a reader in
/// only one way, and none can be lost or repeated.
///
/// Get ``count`` before the read that finds nothing new, and wait past it. If something commits in between, the count
/// has increased, and the wait returns immediately.
///
/// An executor that has a signal calls ``advance(_:)`` with every commit, and ``finish()`` when it is closed.
public final class CommitSignal: Sendable {
  private struct Waiter {
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Void, Never>
  }

  /// Ends waits at their deadlines.
  private struct Timer {
    let number: UInt64
    let deadline: ContinuousClock.Instant
    let task: Task<Void, Never>
  }

  private struct State {
    var count: UInt64 = 0
    var lastNumber: UInt64 = 0
    var waiters: [UInt64: Waiter] = [:]
    /// Fires no later than the earliest deadline of the waiters. An advance does not change it, because most waits are
    /// followed by another.
    var timer: Timer?
    var listeners: [UInt64: @Sendable (CommitHint?) -> Void] = [:]
    var isWatched = false
    var isFinished = false
    var startWatching: @Sendable () -> Void = {}

    mutating func nextNumber() -> UInt64 {
      lastNumber += 1
      return lastNumber
    }
  }

  private let state = Mutex(State())
  /// The minimum time between two checks of the deadlines: many waits may end at about the same time.
  private static let timerInterval: Duration = .milliseconds(50)

  public init() {}

  deinit {
    state.withLock { $0.timer?.task.cancel() }
  }

  /// Grows with each commit, and sometimes without one.
  public var count: UInt64 { state.withLock { $0.count } }

  /// Waits until ``count`` is greater than a value.
  ///
  /// It also returns if the task is cancelled, if the signal is finished, and soon after the deadline.
  public func wait(past count: UInt64, until deadline: ContinuousClock.Instant) async {
    await wait(past: count, until: deadline, unless: nil)
  }

  /// Waits like ``wait(past:until:)``, but at most until it is interrupted.
  package func wait(
    past count: UInt64, until deadline: ContinuousClock.Instant, unless interruption: Interruption?
  ) async {
    let number = state.withLock { $0.nextNumber() }
    let wake: @Sendable () -> Void = { [self] in
      state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume()
    }
    interruption?.onSet(wake)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (mustResume, startWatching) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
          // Already cancelled or interrupted: `wake` has run, or will not run any more, and has found no waiter.
          guard state.count <= count, !state.isFinished, !Task.isCancelled, interruption?.isSet != true else {
            return (true, nil)
          }
          state.waiters[number] = Waiter(deadline: deadline, continuation: continuation)
          setTimer(&state, for: deadline)
          defer { state.isWatched = true }
          return (false, state.isWatched ? nil : state.startWatching)
        }
        if mustResume { continuation.resume() }
        startWatching?()
      }
    } onCancel: {
      wake()
    }
  }

  /// Increases ``count`` and wakes every waiting task: something has committed, or may have.
  ///
  /// - Parameter hint: The committed events, in the order of the commits; `nil` if they are unknown, or if there may be
  ///   more since the last call. Evaluated only if something listens.
  /// - Returns: The number of tasks that waited.
  @discardableResult public func advance(_ hint: @autoclosure () -> CommitHint? = nil) -> Int {
    let (waiters, listeners) = state.withLock { state in
      state.count += 1
      defer { state.waiters.removeAll(keepingCapacity: true) }
      return (Array(state.waiters.values), Array(state.listeners.values))
    }
    for waiter in waiters { waiter.continuation.resume() }
    if !listeners.isEmpty {
      let hint = hint()
      for heard in listeners { heard(hint) }
    }
    return waiters.count
  }

  /// Wakes every waiting task, and ends each later wait immediately: there will be no more commits.
  public func finish() {
    state.withLock { $0.isFinished = true }
    advance()
  }

  /// True if ``finish()`` has been called.
  public var isFinished: Bool { state.withLock { $0.isFinished } }

  // MARK: Deadlines

  private func setTimer(_ state: inout State, for deadline: ContinuousClock.Instant) {
    if let timer = state.timer {
      guard deadline < timer.deadline else { return }
      timer.task.cancel()
    }
    let number = state.nextNumber()
    let task = Task { [weak self] in
      var next: ContinuousClock.Instant? = deadline
      while let deadline = next {
        // Cancelled if another timer replaces it, or the signal is released.
        guard (try? await Task.sleep(until: deadline)) != nil else { return }
        next = self?.endWaits(timer: number)
      }
    }
    state.timer = Timer(number: number, deadline: deadline, task: task)
  }

  /// Ends the waits whose deadline has passed.
  ///
  /// - Returns: The time when the timer must fire again; `nil` if it is not needed any more.
  private func endWaits(timer number: UInt64) -> ContinuousClock.Instant? {
    let now = ContinuousClock.now
    let (expired, next) = state.withLock { state -> ([Waiter], ContinuousClock.Instant?) in
      guard let timer = state.timer, timer.number == number else { return ([], nil) }
      var expired: [Waiter] = []
      for (number, waiter) in state.waiters where waiter.deadline <= now {
        expired.append(waiter)
        state.waiters.removeValue(forKey: number)
      }
      let earliest = state.waiters.values.lazy.map(\.deadline).min()
      let next = earliest.map { max($0, now + Self.timerInterval) }
      state.timer = next.map { Timer(number: number, deadline: $0, task: timer.task) }
      return (expired, next)
    }
    for waiter in expired { waiter.continuation.resume() }
    return next
  }

  // MARK: For owners that check for commits only while something waits

  /// Sets the closure that is called when a wait or a listener begins and there was none before.
  package func whenAwaited(_ startWatching: @escaping @Sendable () -> Void) {
    state.withLock { $0.startWatching = startWatching }
  }

  /// Returns true if something waits or listens.
  ///
  /// If it returns `false`, the closure of ``whenAwaited(_:)`` is called again for the next that begins.
  package func isStillAwaited() -> Bool {
    state.withLock { state in
      state.isWatched = !state.waiters.isEmpty || !state.listeners.isEmpty
      return state.isWatched
    }
  }

  // MARK: Listeners

  /// A listener, which is removed when this object is released.
  package final class Listening: Sendable {
    private let stop: @Sendable () -> Void

    fileprivate init(_ stop: @escaping @Sendable () -> Void) {
      self.stop = stop
    }

    deinit {
      stop()
    }
  }

  /// Calls `heard` with the hint of each advance, on the thread that advances: for code that follows the signal without
  /// a waiting task.
  package func listen(_ heard: @escaping @Sendable (CommitHint?) -> Void) -> Listening {
    let (number, startWatching) = state.withLock { state -> (UInt64, (@Sendable () -> Void)?) in
      let number = state.nextNumber()
      state.listeners[number] = heard
      defer { state.isWatched = true }
      return (number, state.isWatched ? nil : state.startWatching)
    }
    startWatching?()
    return Listening { [weak self] in _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) } }
  }
}
