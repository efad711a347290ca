internal import Evento
internal import Synchronization

/// The state of the writer, derived from its normal work, so that a probe need not wait behind other writes.
final class WriterHealth: Sendable {
  enum Verdict {
    /// It has committed recently, or is about to.
    case healthy
    case unhealthy(EventoError)
    /// It has been idle, so only a test write can show its state.
    case unknown
  }

  private struct State {
    var busySince: ContinuousClock.Instant?
    var lastOutcome: (time: ContinuousClock.Instant, failure: EventoError?)?
    /// The error of a damaged database; `nil` once an event has been written.
    var lastingFailure: EventoError?
    /// The largest write that there was no room for; `nil` if there is room.
    var shortage: Shortage?
    /// A file that was removed or replaced, until the store is opened again.
    var displacement: EventoError?
    /// The time since which the write-ahead log can't be moved into the database, and the error.
    var failingCheckpoints: (since: ContinuousClock.Instant, error: EventoError)?
  }

  private struct Shortage {
    var bytes: Int
    var error: EventoError
    var lastTry: ContinuousClock.Instant
  }

  private let state = Mutex(State())
  /// The time for which an outcome is valid.
  private static let freshness: Duration = .seconds(1)
  private let stuckAfter: Duration
  /// The time for which checkpoints may fail before the store is no longer ready.
  private static let longestCheckpointFailure: Duration = .seconds(30)

  /// - Parameter stuckAfter: The time after which a commit counts as stuck.
  init(stuckAfter: Duration) {
    self.stuckAfter = stuckAfter
  }

  func began() {
    state.withLock { $0.busySince = .now }
  }

  /// - Parameters:
  ///   - hasWritten: True if the commit has written anything. An empty commit does not use the disk, and proves
  ///     nothing.
  ///   - hasAddedEvents: True if it has added events. A probe's commit does not show whether the database is damaged.
  ///   - bytes: The approximate number of bytes that it has written.
  func committed(hasWritten: Bool, hasAddedEvents: Bool, bytes: Int = 0) {
    state.withLock {
      $0.busySince = nil
      if hasWritten { $0.lastOutcome = (.now, nil) }
      if hasAddedEvents { $0.lastingFailure = nil }
      // Only a write of at least that size shows that there is room.
      if hasWritten, let shortage = $0.shortage, bytes >= shortage.bytes { $0.shortage = nil }
    }
  }

  /// - Parameters:
  ///   - failure: The error of the commit.
  ///   - bytes: The approximate number of bytes that it would have written.
  func failed(_ failure: SQLiteFailure, bytes: Int = 0) {
    let error = failure.error
    state.withLock {
      $0.busySince = nil
      // The request is the cause, not the store.
      guard error.code != .contentTooLarge else { return }
      $0.lastOutcome = (.now, error)
      if failure.isFull {
        $0.shortage = Shortage(bytes: max(bytes, $0.shortage?.bytes ?? 0), error: error, lastTry: .now)
      }
      guard failure.isDamage else { return }
      $0.lastingFailure = EventoError(
        .unavailable, "\(error.detail) No event has been written since. See the log.",
        cause: error.cause)
    }
  }

  /// The size of the largest write that there was no room for, in bytes; `nil` if there is room. A probe must write as
  /// many.
  var neededBytes: Int? { state.withLock { $0.shortage?.bytes } }

  /// Records that a probe has written a number of bytes.
  func hasRoom(for bytes: Int) {
    state.withLock {
      if let shortage = $0.shortage, bytes >= shortage.bytes { $0.shortage = nil }
    }
  }

  /// Records the end of work that ``began()`` recorded, and that does not show whether the store can commit.
  func endedWithoutCommit() {
    state.withLock { $0.busySince = nil }
  }

  func displaced(_ error: EventoError) {
    state.withLock {
      $0.busySince = nil
      $0.displacement = error
    }
  }

  var displacement: EventoError? { state.withLock { $0.displacement } }

  func checkpoints(failing: (since: ContinuousClock.Instant, error: EventoError)?) {
    state.withLock { $0.failingCheckpoints = failing }
  }

  /// The error of a store that commits but is not ready, because its write-ahead log has grown for too long.
  var checkpointFailure: EventoError? {
    guard let failing = state.withLock({ $0.failingCheckpoints }) else { return nil }
    let duration = ContinuousClock.now - failing.since
    guard duration >= Self.longestCheckpointFailure else { return nil }
    return EventoError(
      .unavailable, "\(EventoError.logGrows) This has failed for \(duration.components.seconds) seconds.",
      cause: failing.error.cause)
  }

  /// The error of a store that is not ready, as far as its normal work has shown; `nil` if it has shown none.
  var knownFailure: EventoError? {
    switch verdict {
    case .healthy: checkpointFailure
    case .unhealthy(let failure): failure
    case .unknown: state.withLock { $0.shortage?.error ?? $0.lastOutcome?.failure } ?? checkpointFailure
    }
  }

  var verdict: Verdict {
    let (busySince, last, lasting, shortage) = state.withLock {
      ($0.busySince, $0.lastOutcome, $0.displacement ?? $0.lastingFailure, $0.shortage)
    }
    if let lasting { return .unhealthy(lasting) }
    let now = ContinuousClock.now
    if let shortage {
      // Smaller writes that succeed do not show that there is room. Only a test write does, but not too often.
      let isStuck = busySince.map { now - $0 > stuckAfter } ?? false
      return now - shortage.lastTry < Self.freshness || isStuck ? .unhealthy(shortage.error) : .unknown
    }
    if let last, last.failure == nil, now - last.time < Self.freshness { return .healthy }
    guard let busySince else { return .unknown }
    if let failure = last?.failure { return .unhealthy(failure) }
    guard now - busySince > stuckAfter else { return .healthy }
    return .unhealthy(
      EventoError(
        .unavailable,
        "The store has been busy with one commit for \((now - busySince).components.seconds) seconds. Check its disk, and "
          + "other processes that have the database open."))
  }
}
