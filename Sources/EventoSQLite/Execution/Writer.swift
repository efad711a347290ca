internal import Dispatch
internal import Evento
internal import Synchronization

/// The one connection that changes the database.
///
/// Requests that arrive while a commit is under way wait, and share the next one: the busier the store, the more of
/// them pay for one sync of the disk, and an idle store adds no delay. Each stands on its own: one that is refused
/// changes nothing and fails alone.
///
/// `@unchecked Sendable`: `session`, `isOverwritten`, the sizes and the checkpointer are touched on `queue` alone.
final class Writer: @unchecked Sendable {
  /// What a job works on.
  final class Session {
    let connection: Connection
    let catalog: Catalog
    let memory = LogMemory()
    let pending: PendingRows
    /// That of the commit under way.
    fileprivate(set) var tag: Int64 = 0
    /// Set by a job that has added to the log: who waits for that is told once it is committed.
    var hasAddedEvents = false

    init(_ connection: Connection) {
      self.connection = connection
      catalog = Catalog(connection)
      pending = PendingRows(connection)
    }

    /// After a transaction that was undone: what was found out or gathered in it is nothing any more.
    fileprivate func forget() {
      catalog.forget()
      memory.forget()
      pending.forget()
    }
  }

  typealias WriteJob = any Job<Session>

  private struct State {
    /// Large writes wait in a line of their own, so that a crowd of them holds up no small one for longer than a commit.
    var waiting: [WriteJob] = []
    var waitingLarge: [WriteJob] = []
    var isDraining = false
    var isClosed = false
    var commits = 0
    var log = Checkpointer.Figures()

    var waitingCount: Int { waiting.count + waitingLarge.count }
  }

  /// What a database in a file needs beside its connection. One in memory has none of it.
  struct Files {
    let store: StoreFiles
    let sizes: LeastSizes
    let checkpointer: Checkpointer
  }

  private let queue: DispatchQueue
  private let session: Session
  private let files: Files?
  private let notify: @Sendable (SQLiteNotice) -> Void
  private let state = Mutex(State())
  private let waitingLimit: Int
  let health: WriterHealth
  private let commits: CommitSignal
  /// Whether the content of a file is not what was written to it; then nothing more is written, at the stop either.
  private var isOverwritten = false

  /// Requests that one commit takes at most, so that the first of them does not wait for ever longer.
  private static let commitLimit = 512

  /// Bytes of their events, unless the first alone has more, so that no commit makes the write-ahead log long.
  private static let commitBytes = 8 << 20

  /// Bytes of the large writes among them. 4096 small events count as a megabyte, and take some 40 ms.
  private static let largeBytes = 1 << 20

  /// A write of more bytes is a large one: of more than some twenty events, or of one with a payload of kilobytes.
  private static let smallBytes = 6 << 10

  /// - Parameters:
  ///   - waitingLimit: requests that wait for a commit; one more is refused.
  ///   - patience: for how long one commit may take before it counts as stuck.
  ///   - commits: advanced when the log has grown.
  ///   - notify: called on the writer's queue.
  init(
    _ connection: Connection, _ files: Files?, queue: DispatchQueue, waitingLimit: Int, patience: Duration,
    commits: CommitSignal, notify: @escaping @Sendable (SQLiteNotice) -> Void
  ) {
    self.files = files
    self.notify = notify
    self.commits = commits
    session = Session(connection)
    self.queue = queue
    self.waitingLimit = waitingLimit
    health = WriterHealth(patience: patience)
  }

  var figures: WriteFigures {
    var figures = state.withLock { state in
      WriteFigures(
        waiting: state.waitingCount, commits: state.commits, checkpoints: state.log.count,
        checkpointTime: state.log.duration, checkpointFailures: state.log.failures)
    }
    figures.logBytes = files?.store.logBytes ?? 0
    return figures
  }

  /// Bytes that are free on the disk of the database.
  var freeBytes: Int? { files?.store.freeBytes }

  /// Runs `body` inside a transaction, together with others, and returns once it is committed.
  ///
  /// `body` throws ``EventoError`` only where it has changed nothing.
  ///
  /// - Parameter bytes: about how much it writes.
  func perform<Value: Sendable>(
    bytes: Int = 0, _ body: @escaping @Sendable (Session) throws -> Value
  ) async throws(EventoError) -> Value {
    let result = await withCheckedContinuation { (continuation: ClosureJob<Session, Value>.Continuation) in
      perform(bytes: bytes, completion: { continuation.resume(returning: $0) }, body)
    }
    return try result.get()
  }

  /// Runs `body` as above, and calls `completion` once it is committed or refused.
  func perform<Value: Sendable>(
    bytes: Int = 0, completion: @escaping ClosureJob<Session, Value>.Completion,
    _ body: @escaping @Sendable (Session) throws -> Value
  ) {
    submit(
      ClosureJob(bytes: bytes, completion: completion) { session in
        // Whatever it reads, events among it.
        try session.pending.flush()
        return try body(session)
      })
  }

  /// Refuses what comes from now on, finishes what waits, then closes the connection.
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

  /// What has happened to the files since the last commit.
  private func displacementAtTheEnd() -> Displacement? {
    guard health.displacement == nil, let files else { return nil }
    if let displacement = files.store.firstDisplaced() { return displacement }
    do throws(SQLiteFailure) {
      try session.connection.run("BEGIN IMMEDIATE")
      defer { session.connection.rollBack() }
      return try files.sizes.firstCut(dataVersion: session.memory.refresh(session.connection))
    } catch {
      // Another process writes, or the disk fails, of which the checkpoint tells.
      return nil
    }
  }

  /// Moves what remains in the log into the database, so that the file alone is the whole store.
  private func emptyLog() {
    guard let files else { return }
    let reason: String
    do throws(SQLiteFailure) {
      let outcome = try session.connection.checkpoint(.truncate, patience: session.connection.busyTimeout)
      // Another process that reads keeps the file, but needs nothing to be moved.
      if outcome.moved == outcome.pages { return }
      reason = "another process is reading it"
    } catch {
      reason = error.message
    }
    notify(
      SQLiteNotice(
        level: .failure,
        message:
          "\(files.store.logPath) still has \(files.store.logBytes) bytes of events that are not in the database "
          + "file. Keep both files together: the next start moves the events.",
        cause: reason))
  }

  /// Runs a job inside a transaction, together with others, and has it answered once that is committed: from the
  /// writer's thread, or from the caller's where it is refused.
  ///
  /// Its outcome is an error only where it has changed nothing, and it reads no events before those of earlier jobs are
  /// inserted (``PendingRows``).
  func submit(_ job: WriteJob) {
    let (refusal, mustSchedule) = state.withLock { state -> (EventoError?, Bool) in
      if state.isClosed { return (.closed(), false) }
      if state.waitingCount >= waitingLimit { return (.tooManyWaiting(waitingLimit), false) }
      if job.bytes <= Self.smallBytes { state.waiting.append(job) } else { state.waitingLarge.append(job) }
      defer { state.isDraining = true }
      return (nil, !state.isDraining)
    }
    if let refusal { job.fail(refusal) }
    if mustSchedule {
      health.began()
      queue.async { [self] in drain() }
    }
  }

  /// One commit at a time, so that reads on the same queue (of a database in memory) get their turn.
  private func drain() {
    if drainOnce() { queue.async { [self] in drain() } }
  }

  /// - Returns: whether there was anything to do.
  private func drainOnce() -> Bool {
    let jobs = state.withLock { state in
      let jobs =
        Self.take(&state.waiting, upTo: Self.commitBytes) + Self.take(&state.waitingLarge, upTo: Self.largeBytes)
      if jobs.isEmpty { state.isDraining = false }
      return jobs
    }
    if jobs.isEmpty { return false }
    commit(jobs)
    return true
  }

  /// Takes from a line what one commit may have of it, the first job in any case.
  private static func take(_ line: inout [WriteJob], upTo limit: Int) -> [WriteJob] {
    var bytes = 0
    let jobs = Array(
      line.prefix(commitLimit).prefix { job in
        defer { bytes += job.bytes }
        return bytes == 0 || bytes + job.bytes <= limit
      })
    line.removeFirst(jobs.count)
    return jobs
  }

  private func commit(_ jobs: [WriteJob]) {
    health.began()
    if let displacement = health.displacement {
      for job in jobs { job.fail(displacement) }
      return
    }
    var answers: [() -> Void] = []
    answers.reserveCapacity(jobs.count)
    var hasBegun = false
    let changes = session.connection.totalChanges
    do throws(SQLiteFailure) {
      try session.connection.run("BEGIN IMMEDIATE")
      hasBegun = true
      let dataVersion = try session.memory.refresh(session.connection)
      if let cut = try files?.sizes.firstCut(dataVersion: dataVersion) {
        session.connection.rollBack()
        session.forget()
        let error = displaced(cut)
        for job in jobs { job.fail(error) }
        return
      }
      session.tag = LogPosition.freshTag()
      session.hasAddedEvents = false
      for job in jobs { answers.append(try job.run(on: session)) }
      try session.pending.flush()
      try session.connection.run("COMMIT")
    } catch {
      session.connection.rollBack()
      session.forget()
      if hasBegun, jobs.count > 1 {
        // What the store can't do for all at once it may do for each: one request that fills the disk must not fail
        // the small ones beside it.
        for job in jobs { commit([job]) }
      } else {
        // Before the answers: who hears of a failure must not find the store well.
        health.failed(error, bytes: jobs.reduce(0) { max($0, $1.bytes) })
        for job in jobs { job.fail(error.error) }
      }
      return
    }
    // After the commit: what has no name on disk by now must not be answered.
    if let displacement = files?.store.firstDisplaced() {
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
      hasWritten: session.connection.totalChanges > changes, hasAddedEvents: session.hasAddedEvents,
      bytes: jobs.reduce(0) { $0 + $1.bytes })
    state.withLock { $0.commits += 1 }
    if session.hasAddedEvents { commits.advance() }
    for answer in answers { answer() }
    moveLog()
  }

  private func displaced(_ displacement: Displacement) -> EventoError {
    let error = displacement.error
    isOverwritten = displacement.isOverwritten
    health.displaced(error)
    notify(SQLiteNotice(level: .failure, message: error.detail, cause: error.cause))
    return error
  }

  private func moveLog() {
    guard let checkpointer = files?.checkpointer else { return }
    let before = checkpointer.figures
    // A disk that hangs does so here too.
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
      notify(SQLiteNotice(level: .failure, message: EventoError.logGrows, cause: failing.error.cause))
    case (.some, nil):
      notify(
        SQLiteNotice(
          level: .recovery, message: "The write-ahead log is moved into the database file again.", cause: nil))
    default: break
    }
  }
}

extension EventoError {
  static let logGrows =
    "The write-ahead log can't be moved into the database file, and keeps growing. Check the database's disk."

  static func tooManyWaiting(_ limit: Int) -> EventoError {
    EventoError(.unavailable, "Too many writes are waiting (limit \(limit)). Retry shortly.")
  }
}
