internal import Evento
internal import EventoStorage
internal import Synchronization

/// The state of the writer, derived from its normal work, so that a probe need not wait behind writes.
///
/// After a failure, only a commit shows that commits succeed: a server that waits for a missing standby accepts
/// connections and reads.
final class WriterHealth: Sendable {
  enum Verdict {
    /// It has committed recently, or is about to.
    case healthy
    case unhealthy(EventoError)
    /// It has been idle, so only a statement can show its state.
    case unknown
  }

  private struct State {
    var busySince: ContinuousClock.Instant?
    var lastCommit: ContinuousClock.Instant?
    var failure: EventoError?
    var server: String
  }

  private let state: Mutex<State>
  private let stuckAfter: Duration
  private let notify: @Sendable (StoreNotice) -> Void
  /// The time for which a commit shows that the store works.
  private static let freshness: Duration = .seconds(1)

  /// - Parameters:
  ///   - server: The server to which the writer is connected.
  ///   - stuckAfter: The time after which a commit counts as stuck.
  ///   - notify: Called when commits begin to fail, and when they succeed again.
  init(server: String, stuckAfter: Duration, notify: @escaping @Sendable (StoreNotice) -> Void) {
    state = Mutex(State(server: server))
    self.stuckAfter = stuckAfter
    self.notify = notify
  }

  /// The server to which the writer is connected, or was last.
  var server: String { state.withLock { $0.server } }

  func connected(to server: String) {
    state.withLock { $0.server = server }
  }

  func began() {
    state.withLock { $0.busySince = $0.busySince ?? .now }
  }

  /// Records that no write waits.
  func becameIdle() {
    state.withLock { $0.busySince = nil }
  }

  func committed() {
    let wasFailing = state.withLock { state in
      defer {
        state.failure = nil
        state.busySince = nil
        state.lastCommit = .now
      }
      return state.failure != nil
    }
    if wasFailing {
      notify(StoreNotice(level: .recovery, message: "Writes to PostgreSQL succeed again.", cause: nil))
    }
  }

  func failed(_ failure: PostgreSQLFailure) {
    let error = failure.error
    let isFirst = state.withLock { state in
      // The request is the cause, not the store.
      guard error.code == .unavailable || error.code == .internal else { return false }
      defer { state.failure = error }
      return state.failure == nil
    }
    if isFirst { notify(StoreNotice(level: .failure, message: error.detail, cause: error.cause)) }
  }

  /// True from a failure until the next commit.
  var isFailing: Bool { state.withLock { $0.failure != nil } }

  /// The error of a write that was not tried before its time was over.
  var unavailable: EventoError {
    state.withLock { $0.failure }
      ?? EventoError(.unavailable, "The store did not accept the write in time. Retry shortly.")
  }

  /// The error of a write whose outcome could not be found out before its time was over.
  var unknownOutcome: EventoError { unavailable.withUnknownOutcome(EventoError.adviceForWriteInDoubt) }

  var verdict: Verdict {
    let (busySince, lastCommit, failure) = state.withLock { ($0.busySince, $0.lastCommit, $0.failure) }
    let now = ContinuousClock.now
    if let failure { return .unhealthy(failure) }
    if let lastCommit, now - lastCommit < Self.freshness { return .healthy }
    guard let busySince else { return .unknown }
    guard now - busySince > stuckAfter else { return .healthy }
    return .unhealthy(
      EventoError(
        .unavailable,
        "PostgreSQL has been busy with one commit for \((now - busySince).components.seconds) seconds. Check its disk, its "
          + "standbys and its locks."))
  }
}
