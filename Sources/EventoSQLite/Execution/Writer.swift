internal import Dispatch
internal import Evento
internal import EventoStorage

/// The one connection that changes the database.
///
/// Requests that arrive during a commit wait, and share the next one: the busier the store, the more of them share one
/// sync of the disk, and an idle store adds no delay. Each is independent: one that is refused changes nothing, and
/// only it fails.
///
/// `@unchecked Sendable`: `session` and `isOverwritten` are used only on `queue`.
final class Writer: @unchecked Sendable {
  /// No commit makes the write-ahead log long.
  private static let commitLimits = CommitLimits(writes: 512, bytes: 8 << 20)

  private let queue: DispatchQueue
  private let session: WriterSession
  private let files: WriterFiles?
  private let notify: @Sendable (StoreNotice) -> Void
  private let waiting: CommitQueue<WriteJob>
  private let commitMetrics = CommitMetrics()
  private let commitDuration: Duration
  let health: WriterHealth
  private let poller: ForeignCommitPoller
  /// True if a file does not have the content that was written. Then nothing more is written, not even when closing.
  private var isOverwritten = false

  /// - Parameters:
  ///   - waitingLimit: The maximum number of requests that wait for a commit. Further ones are refused.
  ///   - commitDuration: The maximum time for the writes of a commit, unless the first alone takes longer. The cost of
  ///     a write is not known in advance: a new name or a random id takes several times as long as others.
  ///   - stuckAfter: The time after which a commit counts as stuck.
  ///   - poller: The poller whose signal is advanced when the log has grown.
  ///   - notify: Called on the writer's queue.
  init(
    _ connection: Connection, _ files: WriterFiles?, queue: DispatchQueue, waitingLimit: Int,
    commitDuration: Duration = .milliseconds(10), stuckAfter: Duration, poller: ForeignCommitPoller,
    notify: @escaping @Sendable (StoreNotice) -> Void
  ) {
    self.files = files
    self.notify = notify
    self.poller = poller
    session = WriterSession(connection)
    self.queue = queue
    waiting = CommitQueue(Self.commitLimits, waitingLimit: waitingLimit)
    self.commitDuration = commitDuration
    health = WriterHealth(stuckAfter: stuckAfter)
  }

  var metrics: StoreMetrics {
    commitMetrics.metrics(waitingWrites: waiting.count, others: WriterFiles.metrics(of: files))
  }

  /// The free bytes on the disk of the database; `nil` if unknown.
  var freeBytes: Int? { files?.freeBytes }

  /// Runs `body` inside a transaction, together with others, and returns once it is committed, unless the caller's task is
  /// cancelled before it begins.
  ///
  /// `body` throws ``EventoError`` only if it has changed nothing.
  ///
  /// - Parameter bytes: The approximate number of bytes that it writes.
  func perform<Value: Sendable>(
    bytes: Int = 0, _ body: @escaping @Sendable (WriterSession) throws -> Value
  ) async throws(EventoError) -> Value {
    try await withCompletion { isCancelled, completion in
      perform(bytes: bytes, unless: isCancelled, completion: completion, body)
    }
  }

  /// Runs `body` like ``perform(bytes:_:)``, and calls `completion` once it is committed or refused.
  func perform<Value: Sendable>(
    bytes: Int = 0, unless isCancelled: @escaping @Sendable () -> Bool = { false },
    completion: @escaping ClosureJob<WriterSession, Value>.Completion,
    _ body: @escaping @Sendable (WriterSession) throws -> Value
  ) {
    submit(
      ClosureJob(bytes: bytes, unless: isCancelled, completion: completion) { session in
        // It may read events.
        try session.insertBuffer.flush()
        return try body(session)
      })
  }

  /// Erases something, unless the caller's task is cancelled before that begins. Returns once no file has the erased bytes
  /// any more.
  ///
  /// - Throws: `unavailable` if one still has, with everything erased for every reader.
  @discardableResult
  func erase(
    _ body: @escaping @Sendable (WriterSession) throws(SQLiteFailure) -> ErasureResult
  ) async throws(EventoError) -> ErasureResult {
    try await withCompletion { isCancelled, completion in
      submit(ErasureJob(unless: isCancelled, completion: completion, body))
    }
  }

  /// Refuses the writes that have not begun, and all later ones.
  func refuse() {
    waiting.refuse()
  }

  /// Refuses new writes, completes the waiting ones whose callers still wait, then closes the connection.
  func close() async {
    guard waiting.close() else { return }
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        while drainOnce() {}
        if health.displacement == nil, let displacement = files?.displacementAtTheEnd(session.headCache) {
          _ = displaced(displacement)
        }
        if isOverwritten {
          session.connection.keepLogWhenClosed()
        } else if let notice = files?.emptyLog() {
          notify(notice)
        }
        // SQLite would move the rest alone.
        if session.connection.mustRepeatCheckpoints { session.connection.keepLogWhenClosed() }
        session.connection.close()
        continuation.resume()
      }
    }
  }

  /// Runs a job inside a transaction, together with others, and reports its outcome after the commit: on the writer's
  /// thread, or on the caller's if it is refused.
  ///
  /// Its outcome is an error only if it has changed nothing. It reads no events before those of earlier jobs are
  /// inserted (``InsertBuffer``).
  func submit(_ job: any Job<WriterSession>) {
    guard waiting.submit(WriteJob(job)) else { return }
    health.began()
    queue.async { [self] in drain() }
  }

  /// Makes one commit at a time, so that reads on the same queue (of a database in memory) get their turn.
  private func drain() {
    if drainOnce() { queue.async { [self] in drain() } }
  }

  /// - Returns: True if there was anything to do.
  private func drainOnce() -> Bool {
    if waiting.endIfEmpty() {
      health.endedWithoutCommit()
      return false
    }
    commit(waiting.next())
    return true
  }

  /// Runs jobs in one transaction and reports their outcomes. If the time is over, the others wait for the next turn of
  /// their queue.
  ///
  /// - Parameter isInDoubt: True if an earlier commit of these jobs has failed, and may be found in the log nevertheless.
  private func commit(_ taken: [WriteJob], isInDoubt: Bool = false) {
    var jobs = taken[...]
    guard !jobs.isEmpty else { return }
    health.began()
    if let displacement = health.displacement {
      for job in jobs { job.fail(displacement, isInDoubt: isInDoubt) }
      return
    }
    var reports: [WriteJob.Report] = []
    reports.reserveCapacity(jobs.count)
    var (hasBegun, isCommitting) = (false, false)
    var announced: Int64?
    let changes = session.connection.totalChanges
    let began = ContinuousClock.now
    do throws(SQLiteFailure) {
      try session.connection.run("BEGIN IMMEDIATE")
      hasBegun = true
      let dataVersion = try session.headCache.refresh(session.connection)
      if let cut = try files?.firstTruncated(dataVersion: dataVersion) {
        session.connection.rollBack()
        session.forget()
        let error = displaced(cut)
        for job in jobs { job.fail(error, isInDoubt: isInDoubt) }
        return
      }
      session.beginCommit()
      let end = ContinuousClock.now + commitDuration
      for index in taken.indices {
        if index > 0, ContinuousClock.now >= end {
          jobs = taken[..<index]
          waiting.putBack(taken[index...])
          break
        }
        reports.append(try taken[index].run(on: session))
      }
      try session.finishCommit()
      if !session.added.isEmpty { announced = poller.beginAnnouncement() }
      isCommitting = true
      try session.connection.run("COMMIT")
    } catch {
      if let announced { poller.endAnnouncement(at: announced) }
      session.connection.rollBack()
      session.forget()
      if isCommitting { files?.commitFailed() }
      let isInDoubt = isInDoubt || isCommitting && error.mayHaveCommitted
      if hasBegun, jobs.count > 1 {
        // The jobs may succeed one by one: a request that fills the disk must not make the small ones fail.
        for job in jobs { commit([job], isInDoubt: isInDoubt) }
      } else {
        // Before the reports: a client that gets an error must not find the store healthy.
        health.failed(error, bytes: jobs.reduce(0) { max($0, $1.size.bytes) })
        for job in jobs { job.fail(error.error, isInDoubt: isInDoubt) }
      }
      return
    }
    // After the commit: a write to a file without a name must not be confirmed.
    if let displacement = files?.firstDisplaced() {
      if let announced { poller.endAnnouncement(at: announced) }
      let error = displaced(displacement)
      for job in jobs { job.fail(error, isInDoubt: true) }
      return
    }
    health.committed(
      hasWritten: session.connection.totalChanges > changes, hasAddedEvents: !session.added.isEmpty,
      bytes: jobs.reduce(0) { $0 + $1.size.bytes })
    commitMetrics.add(writes: jobs.count, duration: .now - began, session.added)
    if let announced { announce(after: announced, began: began) }
    for report in reports { report() }
    endErasures()
    if let notice = files?.moveLog(health) { notify(notice) }
  }

  /// Removes what the commit has erased from the write-ahead log too, and ends the erasures.
  private func endErasures() {
    let erasures = session.takeErasures()
    guard !erasures.isEmpty else { return }
    let cleared = files?.clearLog(health)
    for end in erasures { end(cleared?.error) }
    if let notice = cleared?.notice { notify(notice) }
  }

  /// Wakes the callers that wait for events.
  ///
  /// - Parameter end: The end of the log that was announced last. If another process has committed since, the log has
  ///   more new events than those that were added here.
  private func announce(after end: Int64, began: ContinuousClock.Instant) {
    // Released before the reports, so that the threads that created the events free them.
    defer { session.endCommit() }
    let count = session.added.reduce(0) { $0 + $1.written.count }
    guard let last = session.added.last?.written.last?.cursor, let position = session.headCache.end else {
      // Not reached: a write that has added events has recorded the last one's position.
      poller.endAnnouncement(at: end)
      return
    }
    let isKnown = position == end + Int64(count) && count <= CommitHint.maximumEvents
    poller.signal.advance(isKnown ? CommitHint(session.added, end: last, began: began) : nil)
    poller.endAnnouncement(at: position)
  }

  private func displaced(_ displacement: FileChange) -> EventoError {
    let error = displacement.error
    isOverwritten = displacement.isOverwritten
    health.displaced(error)
    notify(StoreNotice(level: .failure, message: error.detail, cause: error.cause))
    return error
  }
}

/// A job that waits for a commit.
private struct WriteJob: QueuedWrite {
  typealias Report = () -> Void

  private let job: any Job<WriterSession>

  init(_ job: any Job<WriterSession>) {
    self.job = job
  }

  var size: WriteSize { job.size }
  var isCancelled: Bool { job.isCancelled }
  func run(on session: WriterSession) throws(SQLiteFailure) -> Report { try job.run(on: session) }
  func fail(_ error: EventoError) { job.fail(error) }

  /// - Parameter isInDoubt: True if the job may have been done nevertheless. The error then says so.
  func fail(_ error: EventoError, isInDoubt: Bool) {
    job.fail(isInDoubt ? error.withUnknownOutcome(job.adviceInDoubt) : error)
  }
}
