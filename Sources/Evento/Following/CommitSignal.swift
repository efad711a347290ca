internal import Synchronization

/// Tells those who wait that something has committed. Whoever wakes up reads the log from its own place: the signal
/// carries no events, so that there is one way for an event to reach a reader, and none to be lost or doubled.
///
/// Read ``count`` before the read of the log that finds nothing new, and wait past it: a commit in between has moved it
/// on, and the wait returns at once.
///
/// An executor that has one calls ``advance()`` with every commit. It also sees to it that waits end at their deadlines:
/// the easy way is to call ``expireWhileAwaited()`` once, when the signal is made; one that looks for the commits of
/// others every so often does both in one go, by ``whenAwaited(_:)`` and ``expire(at:)``. When it is closed it calls
/// ``end()``.
public final class CommitSignal: Sendable {
  private struct Waiter {
    let deadline: ContinuousClock.Instant
    let continuation: CheckedContinuation<Void, Never>
  }

  private struct State {
    var count: UInt64 = 0
    var nextID: UInt64 = 0
    var waiters: [UInt64: Waiter] = [:]
    /// No deadline of the waiters is earlier.
    var earliest: ContinuousClock.Instant?
    var listeners: [UInt64: @Sendable (CommitHint?) -> Void] = [:]
    var isWatched = false
    var hasEnded = false
    var startWatching: @Sendable () -> Void = {}
  }

  private let state = Mutex(State())

  public init() {}

  /// Names what is called when somebody begins to wait or to listen and nobody did before: from then on, until it returns
  /// false, ``expire(at:)`` has to be called every now and then.
  public func whenAwaited(_ startWatching: @escaping @Sendable () -> Void) {
    state.withLock { $0.startWatching = startWatching }
  }

  /// Grows with each commit that is noticed, and now and then without one.
  public var count: UInt64 { state.withLock { $0.count } }

  /// Waits until ``count`` is past a value, or a little longer than up to a deadline, or until the task is cancelled, or
  /// the store is closed.
  ///
  /// The signal has no clock of its own: it is its owner who ends waits at their deadlines, by ``expire(at:)`` or by
  /// ``expireWhileAwaited()``. Where nobody does, the deadline means nothing.
  public func wait(past count: UInt64, until deadline: ContinuousClock.Instant) async {
    await wait(past: count, until: deadline, unless: nil)
  }

  /// Waits as ``wait(past:until:)`` does, but no longer than until it is interrupted.
  package func wait(
    past count: UInt64, until deadline: ContinuousClock.Instant, unless interruption: Interruption?
  ) async {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    let wake: @Sendable () -> Void = { [self] in
      state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
    }
    interruption?.onCome(wake)
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (mustResume, startWatching) = state.withLock { state -> (Bool, (@Sendable () -> Void)?) in
          // Cancelled or interrupted already: `wake` has run, or will not run any more, and has found no waiter.
          guard state.count <= count, !state.hasEnded, !Task.isCancelled, interruption?.hasCome != true else {
            return (true, nil)
          }
          state.waiters[id] = Waiter(deadline: deadline, continuation: continuation)
          state.earliest = min(state.earliest ?? deadline, deadline)
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

  /// A place among those who are told of each advance, until it is let go.
  package final class Listening: Sendable {
    private let stop: @Sendable () -> Void

    fileprivate init(_ stop: @escaping @Sendable () -> Void) {
      self.stop = stop
    }

    deinit {
      stop()
    }
  }

  /// Has `heard` called after each advance with its hint, in the thread that advances: for what is to move on with it,
  /// without a task that waits.
  package func listen(_ heard: @escaping @Sendable (CommitHint?) -> Void) -> Listening {
    let (id, startWatching) = state.withLock { state -> (UInt64, (@Sendable () -> Void)?) in
      state.nextID += 1
      state.listeners[state.nextID] = heard
      defer { state.isWatched = true }
      return (state.nextID, state.isWatched ? nil : state.startWatching)
    }
    startWatching?()
    return Listening { [weak self] in _ = self?.state.withLock { $0.listeners.removeValue(forKey: id) } }
  }

  /// Moves ``count`` on and wakes everybody: something has committed, or may have.
  ///
  /// - Parameter hint: what has committed, in the order of the commits; `nil` if that is unknown, or if there may be more
  ///   since the last call than it says. Evaluated only if somebody listens.
  /// - Returns: how many have waited.
  @discardableResult public func advance(_ hint: @autoclosure () -> CommitHint? = nil) -> Int {
    let (waiters, listeners) = state.withLock { state in
      state.count += 1
      state.earliest = nil
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

  /// Wakes everybody, and lets nobody wait any more: there will be no other commit.
  public func end() {
    state.withLock { $0.hasEnded = true }
    advance()
  }

  /// Whether nobody can wait any more.
  public var hasEnded: Bool { state.withLock { $0.hasEnded } }

  /// Wakes those whose deadline has passed.
  ///
  /// - Returns: whether anybody still waits or listens.
  public func expire(at now: ContinuousClock.Instant = .now) -> Bool {
    let (expired, isWatched) = state.withLock { state -> ([Waiter], Bool) in
      var expired: [Waiter] = []
      // Most calls find no deadline passed: those look at no waiter.
      if let earliest = state.earliest, earliest <= now {
        for (id, waiter) in state.waiters where waiter.deadline <= now {
          expired.append(waiter)
          state.waiters.removeValue(forKey: id)
        }
        state.earliest = state.waiters.values.lazy.map(\.deadline).min()
      }
      state.isWatched = !state.waiters.isEmpty || !state.listeners.isEmpty
      return (expired, state.isWatched)
    }
    for waiter in expired { waiter.continuation.resume() }
    return isWatched
  }
}

/// An executor that tells when there may be something new.
public protocol CommitNotifier: Executor {
  /// Advances with every commit to the store, by this executor or by another, before or soon after the commit's own
  /// answer.
  var commits: CommitSignal { get }
}
