public import Evento
public import Synchronization

/// A write that waits for a commit.
@usableFromInline
package protocol QueuedWrite: Sendable {
  var size: WriteSize { get }

  /// True if the caller has stopped waiting, so that the write need not begin.
  var isCancelled: Bool { get }

  /// Passes an error to the caller instead of a result.
  func fail(_ error: EventoError)
}

extension QueuedWrite {
  /// Fails the write if it is not to begin any more.
  ///
  /// - Returns: False if it has failed.
  @usableFromInline func mayBegin(isRefusing: Bool) -> Bool {
    if isRefusing {
      fail(.storeClosed)
    } else if isCancelled {
      fail(.requestDropped)
    } else {
      return true
    }
    return false
  }
}

/// The queue between the callers that write, on any thread, and the one thread that commits.
///
/// That thread begins when a write is submitted (``submit(_:)``), takes the writes of one commit after the other
/// (``next()``), and ends when none waits (``endIfEmpty()``).
///
/// What each write passes through is inlinable, so that a store's module specializes it. Unspecialized, it took a
/// quarter of the instructions of a write of one event. The types are usable from inline, because `@inlinable` has no
/// effect on a member of a type that is only `package`.
@usableFromInline
package final class CommitQueue<Write: QueuedWrite>: Sendable {
  @usableFromInline struct State {
    @usableFromInline var waiting: WriteQueues<Write>
    /// True from the first write until the thread has found the queue empty.
    @usableFromInline var isActive = false
    /// True if writes that have not begun are refused.
    @usableFromInline var isRefusing = false
    @usableFromInline var isClosed = false
  }

  @usableFromInline let state: Mutex<State>
  @usableFromInline let waitingLimit: Int

  /// - Parameter waitingLimit: The maximum number of writes that wait. Further ones are refused.
  package init(_ limits: CommitLimits, waitingLimit: Int) {
    state = Mutex(State(waiting: WriteQueues(limits)))
    self.waitingLimit = waitingLimit
  }

  /// The number of writes that wait.
  package var count: Int { state.withLock { $0.waiting.count } }

  /// True if the thread has nothing to do, and may get something.
  package var isIdle: Bool { state.withLock { !$0.isActive && !$0.isClosed && !$0.isRefusing } }

  // MARK: For callers

  /// Adds a write, or fails it at once if it is refused.
  ///
  /// - Returns: True if the thread has nothing to do yet, so that the caller must start it.
  @inlinable package func submit(_ write: Write) -> Bool {
    let mustStart = state.withLock { state -> Bool? in
      guard !state.isClosed, !state.isRefusing, state.waiting.count < waitingLimit else { return nil }
      state.waiting.append(write)
      defer { state.isActive = true }
      return !state.isActive
    }
    if mustStart == nil { refuse(write) }
    return mustStart ?? false
  }

  /// Fails a write that is not added.
  @usableFromInline func refuse(_ write: Write) {
    let isClosed = state.withLock { $0.isClosed || $0.isRefusing }
    write.fail(isClosed ? .storeClosed : .tooManyWaiting(waitingLimit))
  }

  /// Refuses the writes that have not begun, and all later ones.
  package func refuse() {
    let writes = state.withLock { state in
      state.isRefusing = true
      return state.waiting.removeAll()
    }
    for write in writes { write.fail(.storeClosed) }
  }

  /// Refuses new writes. Those that wait are still taken.
  ///
  /// - Returns: False if it was closed before.
  package func close() -> Bool {
    state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
  }

  // MARK: For the thread that commits

  /// Returns true if no write waits. Then the thread ends, and the next write starts it again.
  @inlinable package func endIfEmpty() -> Bool {
    state.withLock { state in
      state.isActive = state.waiting.count > 0
      return !state.isActive
    }
  }

  /// Removes the writes of the next commit, and fails those that are not to begin any more.
  @inlinable package func next() -> [Write] {
    take { $0.next() }
  }

  /// Removes the writes that fit into a commit, after writes that it has already, like ``next()``.
  @inlinable package func more(after writes: [Write]) -> [Write] {
    take { $0.more(after: writes) }
  }

  @inlinable func take(_ body: (inout WriteQueues<Write>) -> [Write]) -> [Write] {
    let (taken, isRefusing) = state.withLock { (body(&$0.waiting), $0.isRefusing) }
    return taken.filter { $0.mayBegin(isRefusing: isRefusing) }
  }

  /// Puts writes of the same commit back, to be taken first in their turn.
  package func putBack(_ writes: ArraySlice<Write>) {
    state.withLock { $0.waiting.putBack(writes) }
  }

  /// Removes the waiting writes that fulfil a condition.
  package func removeAll(where isRemoved: (Write) -> Bool) -> [Write] {
    state.withLock { $0.waiting.removeAll(where: isRemoved) }
  }
}

extension EventoError {
  /// The error of a write that finds too many waiting.
  package static func tooManyWaiting(_ limit: Int) -> EventoError {
    EventoError(.unavailable, "Too many writes are waiting (limit \(limit)). Retry shortly.")
  }
}
