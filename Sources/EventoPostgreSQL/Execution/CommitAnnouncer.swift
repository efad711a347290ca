internal import Evento
internal import EventoStorage
internal import Synchronization

/// Wakes the callers that wait for events, for the commits of this gateway and those of others.
///
/// The signal advances for every commit that is new here, whatever its position: after a failover that lost commits,
/// positions go back. A hint says that nothing else has been committed since the last advance, so it is given only to a
/// commit that follows the one that was announced last, commit ID included.
final class CommitAnnouncer: Sendable {
  let signal = CommitSignal()
  private let state: Mutex<State>
  private let currentEpoch = Atomic<UInt64>(0)

  private struct State {
    /// The end of the log that was announced last.
    var end: LogPosition
    /// The latest commits of this gateway, of which notifications arrive too.
    var own = TwoGenerationCache<Int64, LogPosition>(limit: 4096)
  }

  /// - Parameter end: The end of the log.
  init(end: LogPosition) {
    state = Mutex(State(end: end))
  }

  /// The end of the log that was announced last.
  var end: LogPosition { state.withLock { $0.end } }

  /// See ``CallbackExecutor/epoch``.
  var epoch: UInt64 { currentEpoch.load(ordering: .sequentiallyConsistent) }

  /// Begins an epoch, since another server may have taken over. Call it when a connection was lost, and again when
  /// everything is read on new ones.
  func beginEpoch() {
    currentEpoch.add(1, ordering: .sequentiallyConsistent)
  }

  /// Leaves the announcement of a batch to its writer, whose notification may arrive before the commit's result.
  func expect(_ batch: WriteBatch) {
    state.withLock { $0.own.keep(batch.store.end, at: batch.store.end.commitID) }
  }

  /// Announces the events of a batch that was committed.
  ///
  /// - Parameter began: A time before the commit began.
  func announce(_ batch: WriteBatch, began: ContinuousClock.Instant) {
    // The signal advances under the lock, so that the hints come in the order of the commits.
    state.withLock { state in
      let last = batch.store.end
      let isKnown = batch.base.end == state.end && batch.rows.count <= CommitHint.maximumEvents
      if last.position > state.end.position { state.end = last }
      signal.advance(isKnown ? CommitHint(batch.added, end: last.cursor, began: began) : nil)
    }
  }

  /// Announces a commit of which a notification came.
  func announce(_ position: LogPosition) {
    state.withLock { state in
      guard position != state.end, state.own.value(at: position.commitID) != position else { return }
      if position.position > state.end.position { state.end = position }
      signal.advance()
    }
  }

  /// Announces the end of the log as it was just read.
  ///
  /// - Returns: True if it was not announced before.
  @discardableResult
  func announce(readEnd end: LogPosition) -> Bool {
    state.withLock { state in
      guard end != state.end else { return false }
      let isNew = end.position > state.end.position
      state.end = end
      signal.advance()
      return isNew
    }
  }
}
