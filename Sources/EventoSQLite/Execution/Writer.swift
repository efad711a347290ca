internal import Dispatch
internal import Evento
internal import EventoStorage
internal import Synchronization

/// The one connection that changes the database.
///
/// Requests that arrive during a commit wait, and share the next one: the busier the store, the more of them share one
/// sync of the disk, and an idle store adds no delay. Each is independent: one that is refused changes nothing, and
/// only it fails.
///
/// `@unchecked Sendable`: `session`, `isOverwritten`, the sizes and the checkpointer are used only on `queue`.
final class Writer: @unchecked Sendable {
  /// The connection and caches that a job uses.
  final class Session {
    let connection: Connection
    let symbols: SymbolTable
    let headCache = HeadCache()
    let pending: InsertBuffer
    /// The ID of the current commit.
    fileprivate(set) var commitID: Int64 = 0
    /// The events that the jobs of the current commit have added to the log. Waiting callers are woken after the
    /// commit.
    var added: [Addition] = []

    init(_ connection: Connection) {
      self.connection = connection
      symbols = SymbolTable(connection)
      pending = InsertBuffer(connection)
    }

    /// Drops everything that was cached or collected in a transaction that was undone.
    fileprivate func forget() {
      symbols.forget()
      headCache.forget()
      pending.forget()
      added.removeAll()
    }
  }

  /// Events that a job has added to the log.
  struct Addition {
    let events: [NewEvent]
    let written: [WrittenEvent]
  }

  typealias WriteJob = any Job<Session>

  private struct State {
    var waiting = WriteQueues<WriteJob>(
      // No commit makes the write-ahead log long.
      CommitLimits(writes: 512, bytes: 8 << 20), size: { WriteSize(cost: $0.cost, bytes: $0.bytes) })
    var isDraining = false
    /// True if writes that have not begun are refused.
    var isRefusing = false
    var isClosed = false
    var commits = 0
    var log = Checkpointer.Figures()
  }

  /// The additional state for a database in a file. A database in memory has none.
  struct Files {
    let store: OpenFiles
    let sizes: MinimumSizes
    let checkpointer: Checkpointer
  }

  private let queue: DispatchQueue
  private let session: Session
  private let files: Files?
  private let notify: @Sendable (StoreNotice) -> Void
  private let state = Mutex(State())
  private let waitingLimit: Int
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
    _ connection: Connection, _ files: Files?, queue: DispatchQueue, waitingLimit: Int,
    commitDuration: Duration = .milliseconds(10), stuckAfter: Duration, poller: ForeignCommitPoller,
    notify: @escaping @Sendable (StoreNotice) -> Void
  ) {
    self.files = files
    self.notify = notify
    self.poller = poller
    session = Session(connection)
    self.queue = queue
    self.waitingLimit = waitingLimit
    self.commitDuration = commitDuration
    health = WriterHealth(stuckAfter: stuckAfter)
  }

  var metrics: StoreMetrics {
    let (waiting, commits, log) = state.withLock { ($0.waiting.count, $0.commits, $0.log) }
    return StoreMetrics(
      waitingWrites: waiting, commits: commits,
      others: [
        .init(
          "evento_write_ahead_log_bytes", .gauge, "Size of the write-ahead log, in bytes.",
          .count(files?.store.logBytes ?? 0)),
        .init(
          "evento_checkpoints_total", .counter, "Checkpoints: the write-ahead log was moved into the database file.",
          .count(log.count)),
        .init(
          "evento_checkpoint_seconds_total", .counter,
          "Time spent on checkpoints, in seconds. No commit starts meanwhile.", .duration(log.duration)),
        .init("evento_checkpoint_failures_total", .counter, "Checkpoints that failed.", .count(log.failures)),
      ])
  }

  /// The free bytes on the disk of the database; `nil` if unknown.
  var freeBytes: Int? { files?.store.freeBytes }

  /// Runs `body` inside a transaction, together with others, and returns once it is committed, unless the caller's task is
  /// cancelled before it begins.
  ///
  /// `body` throws ``EventoError`` only if it has changed nothing.
  ///
  /// - Parameter bytes: The approximate number of bytes that it writes.
  func perform<Value: Sendable>(
    bytes: Int = 0, _ body: @escaping @Sendable (Session) throws -> Value
  ) async throws(EventoError) -> Value {
    let cancellation = CancellationFlag()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (continuation: ClosureJob<Session, Value>.Continuation) in
        perform(
          bytes: bytes, unless: { cancellation.isSet }, completion: { continuation.resume(returning: $0) }, body)
      }
    } onCancel: {
      cancellation.set()
    }
    return try result.get()
  }

  /// Runs `body` like ``perform(bytes:_:)``, and calls `completion` once it is committed or refused.
  func perform<Value: Sendable>(
    bytes: Int = 0, unless mustDrop: @escaping @Sendable () -> Bool = { false },
    completion: @escaping ClosureJob<Session, Value>.Completion,
    _ body: @escaping @Sendable (Session) throws -> Value
  ) {
    submit(
      ClosureJob(bytes: bytes, unless: mustDrop, completion: completion) { session in
        // It may read events.
        try session.pending.flush()
        return try body(session)
      })
  }

  /// Refuses the writes that have not begun, and all later ones.
  func refuse() {
    let jobs = state.withLock { state in
      state.isRefusing = true
      return state.waiting.removeAll()
    }
    for job in jobs { job.fail(.storeClosed) }
  }

  /// Refuses new writes, completes the waiting ones whose callers still wait, then closes the connection.
  func close() async {
    let wasClosed = state.withLock { state in
      defer { state.isClosed = true }
      return state.isClosed
    }
    guard !wasClosed else { return }
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        while drainOnce() {}
        if let displacement = displacementAtTheEnd() { _ = displaced(displacement) }
        if isOverwritten {
          session.connection.keepLogWhenClosed()
        } else {
          emptyLog()
        }
        session.connection.close()
        continuation.resume()
      }
    }
  }

  /// Returns the change to a file since the last commit, if any.
  private func displacementAtTheEnd() -> Displacement? {
    guard health.displacement == nil, let files else { return nil }
    if let displacement = files.store.firstDisplaced() { return displacement }
    do throws(SQLiteFailure) {
      try session.connection.run("BEGIN IMMEDIATE")
      defer { session.connection.rollBack() }
      return try files.sizes.firstCut(dataVersion: session.headCache.refresh(session.connection))
    } catch {
      // Another process is writing, or the disk fails, which the checkpoint reports.
      return nil
    }
  }

  /// Moves the rest of the log into the database, so that the file alone is the complete store.
  private func emptyLog() {
    guard let files else { return }
    let reason: String
    do throws(SQLiteFailure) {
      let outcome = try session.connection.checkpoint(.truncate, waitingUpTo: session.connection.busyTimeout)
      // Another process that reads keeps the file, but all of it has been moved.
      if outcome.moved == outcome.pages { return }
      reason = "another process is reading it"
    } catch {
      reason = error.message
    }
    notify(
      StoreNotice(
        level: .failure,
        message:
          "\(files.store.logPath) still has \(files.store.logBytes) bytes of events that are not in the database "
          + "file. Keep both files together: the next start moves the events.",
        cause: reason))
  }

  /// Runs a job inside a transaction, together with others, and reports its outcome after the commit: on the writer's
  /// thread, or on the caller's if it is refused.
  ///
  /// Its outcome is an error only if it has changed nothing. It reads no events before those of earlier jobs are
  /// inserted (``InsertBuffer``).
  func submit(_ job: WriteJob) {
    let (refusal, mustSchedule) = state.withLock { state -> (EventoError?, Bool) in
      if state.isClosed || state.isRefusing { return (.storeClosed, false) }
      if state.waiting.count >= waitingLimit { return (.tooManyWaiting(waitingLimit), false) }
      state.waiting.append(job)
      defer { state.isDraining = true }
      return (nil, !state.isDraining)
    }
    if let refusal { job.fail(refusal) }
    if mustSchedule {
      health.began()
      queue.async { [self] in drain() }
    }
  }

  /// Makes one commit at a time, so that reads on the same queue (of a database in memory) get their turn.
  private func drain() {
    if drainOnce() { queue.async { [self] in drain() } }
  }

  /// - Returns: True if there was anything to do.
  private func drainOnce() -> Bool {
    let (jobs, isRefusing) = state.withLock { state in
      let jobs = state.waiting.next()
      if jobs.isEmpty { state.isDraining = false }
      return (jobs, state.isRefusing)
    }
    if jobs.isEmpty {
      health.ended()
      return false
    }
    var wanted: [WriteJob] = []
    wanted.reserveCapacity(jobs.count)
    for job in jobs {
      if isRefusing {
        job.fail(.storeClosed)
      } else if job.isCancelled {
        job.fail(.requestDropped)
      } else {
        wanted.append(job)
      }
    }
    commit(wanted)
    return true
  }

  /// Runs jobs in one transaction and reports their outcomes. If the time is over, the others wait for the next turn of
  /// their queue.
  private func commit(_ taken: [WriteJob]) {
    var jobs = taken[...]
    guard !jobs.isEmpty else { return }
    health.began()
    if let displacement = health.displacement {
      for job in jobs { job.fail(displacement) }
      return
    }
    var reports: [WriteJob.Report] = []
    reports.reserveCapacity(jobs.count)
    var hasBegun = false
    var announced: Int64?
    let changes = session.connection.totalChanges
    let began = ContinuousClock.now
    do throws(SQLiteFailure) {
      try session.connection.run("BEGIN IMMEDIATE")
      hasBegun = true
      let dataVersion = try session.headCache.refresh(session.connection)
      if let cut = try files?.sizes.firstCut(dataVersion: dataVersion) {
        session.connection.rollBack()
        session.forget()
        let error = displaced(cut)
        for job in jobs { job.fail(error) }
        return
      }
      session.commitID = LogPosition.freshCommitID()
      session.added.removeAll(keepingCapacity: true)
      let end = ContinuousClock.now + commitDuration
      for index in taken.indices {
        if index > 0, ContinuousClock.now >= end {
          jobs = taken[..<index]
          state.withLock { $0.waiting.putBack(taken[index...]) }
          break
        }
        reports.append(try taken[index].run(on: session))
      }
      try session.pending.flush()
      if !session.added.isEmpty { announced = poller.beginAnnouncement() }
      try session.connection.run("COMMIT")
    } catch {
      if let announced { poller.endAnnouncement(at: announced) }
      session.connection.rollBack()
      session.forget()
      if hasBegun, jobs.count > 1 {
        // The jobs may succeed one by one: a request that fills the disk must not make the small ones fail.
        for job in jobs { commit([job]) }
      } else {
        // Before the reports: a client that gets an error must not find the store healthy.
        health.failed(error, bytes: jobs.reduce(0) { max($0, $1.bytes) })
        for job in jobs { job.fail(error.error) }
      }
      return
    }
    // After the commit: a write to a file without a name must not be confirmed.
    if let displacement = files?.store.firstDisplaced() {
      if let announced { poller.endAnnouncement(at: announced) }
      let error = displaced(displacement)
      let unknown = EventoError(
        error.code,
        error.detail + " This write may have been stored. Retry it with the same ids once the store works again.",
        cause: error.cause)
      for job in jobs { job.fail(unknown) }
      return
    }
    files?.sizes.committed()
    health.committed(
      hasWritten: session.connection.totalChanges > changes, hasAddedEvents: !session.added.isEmpty,
      bytes: jobs.reduce(0) { $0 + $1.bytes })
    state.withLock { $0.commits += 1 }
    if let announced { announce(after: announced, began: began) }
    for report in reports { report() }
    moveLog()
  }

  /// Wakes the callers that wait for events.
  ///
  /// - Parameter end: The end of the log that was announced last. If another process has committed since, the log has
  ///   more new events than those that were added here.
  private func announce(after end: Int64, began: ContinuousClock.Instant) {
    // Released before the reports, so that the threads that created the events free them.
    defer { session.added.removeAll(keepingCapacity: true) }
    let count = session.added.reduce(0) { $0 + $1.written.count }
    guard let last = session.added.last?.written.last?.cursor, let position = LogPosition(last)?.position else {
      // Not reached: every job adds an event, with a cursor of this store.
      poller.endAnnouncement(at: end)
      return
    }
    let isKnown = position == end + Int64(count) && count <= CommitHint.maximumEvents
    poller.signal.advance(isKnown ? CommitHint(session.added, end: last, began: began) : nil)
    poller.endAnnouncement(at: position)
  }

  private func displaced(_ displacement: Displacement) -> EventoError {
    let error = displacement.error
    isOverwritten = displacement.isOverwritten
    health.displaced(error)
    notify(StoreNotice(level: .failure, message: error.detail, cause: error.cause))
    return error
  }

  private func moveLog() {
    guard let checkpointer = files?.checkpointer else { return }
    let before = checkpointer.figures
    // A disk can hang here too.
    health.began()
    checkpointer.run()
    health.ended()
    let after = checkpointer.figures
    if after.count != before.count { files?.sizes.checkpointed() }
    guard after.count != before.count || after.failures != before.failures else { return }
    state.withLock { $0.log = after }
    health.checkpoints(failing: after.failing)
    switch (before.failing, after.failing) {
    case (nil, let failing?):
      notify(StoreNotice(level: .failure, message: EventoError.logGrows, cause: failing.error.cause))
    case (.some, nil):
      notify(
        StoreNotice(
          level: .recovery, message: "The write-ahead log is moved into the database file again.", cause: nil))
    default: break
    }
  }
}

extension CommitHint {
  fileprivate init(_ additions: [Writer.Addition], end: Cursor, began: ContinuousClock.Instant) {
    var events: [Event] = []
    events.reserveCapacity(additions.reduce(0) { $0 + $1.written.count })
    for addition in additions {
      for index in addition.events.indices {
        events.append(Event(addition.events.span[index], routingKey: addition.written[index].routingKey))
      }
    }
    self.init(events: events, end: end, began: began)
  }
}

extension CommitHint.Event {
  fileprivate init(_ event: borrowing NewEvent, routingKey: String?) {
    self.init(
      aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name, routingKey: routingKey)
  }
}

extension EventoError {
  static let logGrows =
    "The write-ahead log can't be moved into the database file, and keeps growing. Check the database's disk."
}
