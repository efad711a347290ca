internal import Evento
internal import Synchronization

/// How the writer fares, from what it does anyway, so that a probe need not wait behind work.
final class WriterHealth: Sendable {
  enum Verdict {
    /// It has done its work just now, or is about to.
    case well
    case ill(EventoError)
    /// It has had nothing to do lately: only trying tells.
    case unknown
  }

  private struct State {
    var busySince: ContinuousClock.Instant?
    var lastOutcome: (time: ContinuousClock.Instant, failure: EventoError?)?
    /// Damage; `nil` once an event has been written.
    var lastingFailure: EventoError?
    /// Since when there is no room for a write of so many bytes, why, and when that was tried last.
    var shortage: Shortage?
    /// A file that was removed or replaced, until the store is opened again.
    var displacement: EventoError?
    /// Since when the write-ahead log can't be moved into the database, and why.
    var failingCheckpoints: (since: ContinuousClock.Instant, error: EventoError)?
  }

  private struct Shortage {
    var bytes: Int
    var error: EventoError
    var lastTry: ContinuousClock.Instant
  }

  private let state = Mutex(State())
  /// For how long an outcome counts.
  private static let freshness: Duration = .seconds(1)
  private let patience: Duration
  /// For how long checkpoints may fail before the store is no longer ready.
  private static let checkpointPatience: Duration = .seconds(30)

  /// - Parameter patience: for how long one commit may take before it counts as stuck.
  init(patience: Duration) {
    self.patience = patience
  }

  func began() {
    state.withLock { $0.busySince = .now }
  }

  /// - Parameters:
  ///   - hasWritten: whether the commit has written anything. One of nothing needs no disk, and tells nothing.
  ///   - hasAddedEvents: whether it was of events. The probe's own says little of a database that is damaged somewhere.
  ///   - bytes: about how much it has written.
  func committed(hasWritten: Bool, hasAddedEvents: Bool, bytes: Int = 0) {
    state.withLock {
      $0.busySince = nil
      if hasWritten { $0.lastOutcome = (.now, nil) }
      if hasAddedEvents { $0.lastingFailure = nil }
      // The requests that had been refused before may be the smaller ones.
      if hasWritten, let shortage = $0.shortage, bytes >= shortage.bytes { $0.shortage = nil }
    }
  }

  /// - Parameters:
  ///   - failure: what kept the store from committing.
  ///   - bytes: about how much it would have written.
  func failed(_ failure: SQLiteFailure, bytes: Int = 0) {
    let error = failure.error
    state.withLock {
      $0.busySince = nil
      // The request is to blame.
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

  /// Bytes of the largest write that there was no room for; `nil` if there is room. A probe must write as many.
  var neededBytes: Int? { state.withLock { $0.shortage?.bytes } }

  /// A probe has written so many bytes.
  func hasRoom(for bytes: Int) {
    state.withLock {
      if let shortage = $0.shortage, bytes >= shortage.bytes { $0.shortage = nil }
    }
  }

  /// What ``began()`` has told of is over, and says nothing of whether the store commits.
  func ended() {
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

  /// What keeps the store from being ready although it commits: the write-ahead log has grown for long.
  var checkpointFailure: EventoError? {
    guard let failing = state.withLock({ $0.failingCheckpoints }) else { return nil }
    let duration = ContinuousClock.now - failing.since
    guard duration >= Self.checkpointPatience else { return nil }
    return EventoError(
      .unavailable, "\(EventoError.logGrows) This has failed for \(duration.components.seconds) seconds.",
      cause: failing.error.cause)
  }

  var verdict: Verdict {
    let (busySince, last, lasting, shortage) = state.withLock {
      ($0.busySince, $0.lastOutcome, $0.displacement ?? $0.lastingFailure, $0.shortage)
    }
    if let lasting { return .ill(lasting) }
    let now = ContinuousClock.now
    if let shortage {
      // Smaller writes that succeed say nothing of the one that did not; only trying tells, but not all the time.
      let isStuck = busySince.map { now - $0 > patience } ?? false
      return now - shortage.lastTry < Self.freshness || isStuck ? .ill(shortage.error) : .unknown
    }
    if let last, last.failure == nil, now - last.time < Self.freshness { return .well }
    guard let busySince else { return .unknown }
    if let failure = last?.failure { return .ill(failure) }
    guard now - busySince > patience else { return .well }
    return .ill(
      EventoError(
        .unavailable,
        "The store has been busy with one commit for \((now - busySince).components.seconds) seconds. Check its disk, and "
          + "other processes that have the database open."))
  }
}
