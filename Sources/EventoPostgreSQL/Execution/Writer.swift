internal import Dispatch
internal import Evento
internal import EventoStorage

/// The one connection of this gateway that adds events.
///
/// Writes that arrive during a commit wait, and share the next one. Each is independent: one that is refused changes
/// nothing, and only it fails.
///
/// If the connection is lost, writes wait until it is there again, at most until their deadlines. A commit whose outcome
/// is unknown is looked up first, so that no caller hears of a failure while its events are stored, as long as there is
/// time.
///
/// `@unchecked Sendable`: `session`, `inDoubt`, `retries` and `isTrialScheduled` are used only on `queue`.
final class Writer: @unchecked Sendable {
  /// A commit whose outcome is unknown.
  private struct InDoubtCommit {
    let writes: [PendingWrite]
    let batch: WriteBatch
    let began: ContinuousClock.Instant
  }

  /// The store is locked until the disk has synced: for 3 ms with 64 events, and 17 ms with 512. Meanwhile other gateways
  /// wait.
  private static let commitLimits = CommitLimits(writes: 256, bytes: 8 << 20, cost: 8 << 20)

  private let queue = DispatchQueue(label: "evento.postgresql.writer")
  private let waiting: CommitQueue<PendingWrite>
  private let commitMetrics = CommitMetrics()
  private let connect: @Sendable () throws(PostgreSQLFailure) -> WriterSession
  private let announcer: CommitAnnouncer
  let health: WriterHealth
  private var session: WriterSession?
  private var inDoubt: InDoubtCommit?
  private var retries = 0
  private var isTrialScheduled = false

  /// The time between trials.
  private static let trialInterval: Duration = .seconds(1)

  /// - Parameters:
  ///   - session: An open session.
  ///   - waitingLimit: The maximum number of writes that wait for a commit. Further ones are refused.
  ///   - connect: Opens another session. Called on the writer's queue.
  init(
    _ session: sending WriterSession, waitingLimit: Int, announcer: CommitAnnouncer, health: WriterHealth,
    connect: @escaping @Sendable () throws(PostgreSQLFailure) -> WriterSession
  ) {
    self.session = session
    waiting = CommitQueue(Self.commitLimits, waitingLimit: waitingLimit)
    self.announcer = announcer
    self.health = health
    self.connect = connect
  }

  var metrics: StoreMetrics {
    commitMetrics.metrics(waitingWrites: waiting.count)
  }

  func submit(_ write: PendingWrite) {
    if waiting.submit(write) { queue.async { [self] in drain() } }
  }

  /// Refuses the writes that have not begun, and all later ones.
  func refuse() {
    waiting.refuse()
  }

  /// Refuses new writes, completes those that wait, then closes the connection.
  func close() async {
    guard waiting.close() else { return }
    await withCheckedContinuation { continuation in
      queue.async { [self] in finish(continuation) }
    }
  }

  /// Waits for the writes, turn by turn, so that those whose time is over can end.
  private func finish(_ continuation: CheckedContinuation<Void, Never>) {
    guard inDoubt == nil, waiting.count == 0 else {
      return queue.async(after: .milliseconds(10)) { [self] in finish(continuation) }
    }
    session?.connection.close()
    session = nil
    continuation.resume()
  }

  // MARK: Turns

  private func drain() {
    failExpired()
    if inDoubt == nil, waiting.endIfEmpty() {
      health.becameIdle()
      if health.isFailing { scheduleTrial() }
      return
    }
    do throws(PostgreSQLFailure) {
      let session = try openSession()
      if let inDoubt {
        try resolve(inDoubt, session)
      } else {
        try commitNext(session)
      }
      retries = 0
      queue.async { [self] in drain() }
    } catch {
      failed(error)
      retries += 1
      queue.async(after: Backoff.reconnection.delay(beforeRetry: retries)) { [self] in drain() }
    }
  }

  private func openSession() throws(PostgreSQLFailure) -> WriterSession {
    if let session { return session }
    let session = try connect()
    self.session = session
    health.connected(to: session.connection.server)
    return session
  }

  // MARK: Trials

  private func scheduleTrial() {
    guard !isTrialScheduled else { return }
    isTrialScheduled = true
    queue.async(after: Self.trialInterval) { [self] in tryCommit() }
  }

  /// Commits nothing, if the latest commit has failed and no write waits: nothing else would show that commits succeed
  /// again.
  private func tryCommit() {
    isTrialScheduled = false
    // Writes that wait show it too, and schedule the next trial when they have ended.
    guard health.isFailing, waiting.isIdle else { return }
    do throws(PostgreSQLFailure) {
      try openSession().commitNothing()
      health.committed()
    } catch {
      failed(error)
      scheduleTrial()
    }
  }

  // MARK: Failures

  private func failed(_ failure: PostgreSQLFailure) {
    health.failed(failure)
    // A server that has become a standby stays connected.
    if failure.isConnectionLost || failure.isNotWritable { dropSession() }
    guard failure.sqlstate == .lockNotAvailable, let session else { return }
    do throws(PostgreSQLFailure) {
      try session.endHungSessions()
    } catch {
      failed(error)
    }
  }

  private func dropSession() {
    session?.connection.close()
    session = nil
  }

  /// Ends the writes whose time is over.
  private func failExpired() {
    let now = ContinuousClock.now
    if let inDoubt, inDoubt.writes.allSatisfy({ $0.deadline <= now }) {
      self.inDoubt = nil
      for (write, outcome) in zip(inDoubt.writes, inDoubt.batch.outcomes) {
        // A write that was refused is not in the commit. But why it was may depend on the others.
        if case .success = outcome { write.fail(health.unknownOutcome) } else { write.fail(health.unavailable) }
      }
    }
    // While commits succeed, a write that has waited so long is about to be stored.
    guard retries > 0 else { return }
    let expired = waiting.removeAll { $0.deadline <= now || $0.isCancelled }
    for write in expired { write.fail(write.isCancelled ? .requestDropped : health.unavailable) }
  }

  // MARK: Commits

  /// - Throws: A failure after which the next attempt may succeed. No write has been told of it.
  private func commitNext(_ session: WriterSession) throws(PostgreSQLFailure) {
    let writes = waiting.next()
    if !writes.isEmpty { try commit(WriterSession.Writes(writes, more: waiting.more(after:)), session) }
  }

  private func commit(_ waitingWrites: WriterSession.Writes, _ session: WriterSession) throws(PostgreSQLFailure) {
    health.began()
    let began = ContinuousClock.now
    var batchWrites = waitingWrites
    do throws(PostgreSQLFailure) {
      let batch = try session.store(&batchWrites) { announcer.expect($0) }
      end(batchWrites.all, batch, began: began)
    } catch {
      let writes = batchWrites.all
      if error.outcome == .unknown, let sent = session.sent {
        inDoubt = InDoubtCommit(writes: writes, batch: sent, began: began)
        throw error
      }
      if error.isTransientForWrites {
        waiting.putBack(writes[...])
        throw error
      }
      if writes.count > 1 {
        // They may succeed one by one: a write that fills the disk must not make the small ones fail.
        try commitOneByOne(writes, session)
      } else {
        health.failed(error)
        for write in writes { write.fail(error.error) }
      }
    }
  }

  private func commitOneByOne(_ writes: [PendingWrite], _ session: WriterSession) throws(PostgreSQLFailure) {
    for (index, write) in writes.enumerated() {
      do throws(PostgreSQLFailure) {
        try commit(WriterSession.Writes([write]), session)
      } catch {
        // The write itself waits already, and these come before it: writes that wait together may be stored in any order.
        waiting.putBack(writes[(index + 1)...])
        throw error
      }
    }
  }

  private func end(_ writes: [PendingWrite], _ batch: WriteBatch, began: ContinuousClock.Instant) {
    if !batch.isOnlyRefusals { health.committed() }
    if !batch.rows.isEmpty {
      commitMetrics.add(writes: writes.count, duration: .now - began, batch.added)
      announcer.announce(batch, began: began)
    }
    for (write, outcome) in zip(writes, batch.outcomes) { write.end(outcome) }
  }

  /// Finds out whether a commit without a known outcome was made.
  private func resolve(_ commit: InDoubtCommit, _ session: WriterSession) throws(PostgreSQLFailure) {
    if try session.isStored(commit.batch) {
      inDoubt = nil
      end(commit.writes, commit.batch, began: commit.began)
    } else {
      inDoubt = nil
      waiting.putBack(commit.writes[...])
    }
  }
}

extension PostgreSQLFailure {
  /// True if the server can't be written to as it is, but another one may be.
  fileprivate var isNotWritable: Bool {
    reason == .notWritable || sqlstate == .readOnlyTransaction
  }

  /// True if the same write may succeed on another connection, or a moment later.
  fileprivate var isTransientForWrites: Bool {
    isConnectionLost || isNotWritable || isConflict || sqlstate == .lockNotAvailable || reason == .warning
  }
}
