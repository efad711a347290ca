internal import Evento

/// Moves the write-ahead log into the database between commits, so that the log stays short.
///
/// SQLite's automatic checkpoints never wait for readers, and the log can only be written from its start again when no
/// reader needs it. While reads overlap, there is always one that does, and the log grows
/// (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files). So past twice the threshold, the writer waits
/// for the running reads: those that begin after the log is moved read only the database. Usually this takes no longer
/// than a read. If it does, no read of this store begins until the running ones have ended.
///
/// Confined to the writer's queue.
final class Checkpointer {
  private let connection: Connection
  let pages: LogPages
  private let threshold: Int
  private let turns: ReadTurns
  /// The number of pages at which to move the log, and at which to wait for readers too.
  private var next: Int
  private var nextRestart: Int
  private var lastTry = ContinuousClock.now
  private var lastRestart = ContinuousClock.now

  private(set) var figures = Figures()

  struct Figures {
    /// The number of attempts that have moved pages, or found none to move.
    var count = 0
    /// The durations of all attempts, also of those that failed.
    var duration = Histogram([0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
    var failures = 0
    /// The time since which every attempt has failed, and the latest error.
    var failing: (since: ContinuousClock.Instant, error: EventoError)?
  }

  private static let tryDuration = Duration.milliseconds(20)
  /// The time after which no read of this store begins any more. Most restarts are done by then, so that readers need
  /// not wait.
  private static let unblockedDuration = Duration.milliseconds(40)
  /// The maximum time that commits, and reads that have not begun, wait for reads of this store, which take
  /// milliseconds.
  private static let maximumWait = Duration.seconds(5)
  /// The maximum time that commits wait for another process, which may read for any time, like a backup.
  private static let maximumWaitForOthers = Duration.milliseconds(250)
  /// The time after which to wait again for a reader that blocked a restart, even if the log has hardly grown.
  private static let restartInterval = Duration.seconds(30)
  /// The time after which a failed checkpoint is retried.
  private static let retryInterval = Duration.seconds(1)

  /// - Parameter threshold: The number of pages of the log after which it is moved.
  init(_ connection: Connection, threshold: Int, turns: ReadTurns) throws(SQLiteFailure) {
    self.connection = connection
    self.threshold = min(max(threshold, 1), 1 << 20)
    self.turns = turns
    let pageSize = Int(try connection.integer("PRAGMA page_size") ?? 4096)
    // A frame has a header of 24 bytes: https://sqlite.org/fileformat2.html#the_write_ahead_log
    pages = try connection.manageLog(keeping: self.threshold * (pageSize + 24))
    next = self.threshold
    nextRestart = 2 * self.threshold
  }

  /// Makes a checkpoint if the log has become long enough for one.
  func run() {
    // The log is written from its start again.
    if pages.count < threshold { (next, nextRestart) = (threshold, 2 * threshold) }
    let isFailing = figures.failing != nil
    guard pages.count >= next || isFailing && lastTry + Self.retryInterval <= .now else { return }
    let start = ContinuousClock.now
    let restarts =
      pages.count >= nextRestart
      || pages.count >= 2 * threshold && start - lastRestart >= Self.restartInterval
    lastTry = start
    if restarts { lastRestart = start }
    do throws(SQLiteFailure) {
      let outcome =
        restarts
        ? try turns.shorten { () throws(SQLiteFailure) in try moveAll(.restart) }
        : try connection.checkpoint(.passive, waitingUpTo: .zero)
      // If a reader blocks the restart for long, do not wait for it again before the log has doubled.
      if restarts { nextRestart = outcome.isComplete ? 2 * threshold : 2 * pages.count }
      record(.success(outcome), since: start)
    } catch {
      record(.failure(error), since: start)
    }
    next = pages.count + max(threshold / 4, 1)
  }

  /// Moves all of the log, and empties its file, so that it has no old pages any more.
  ///
  /// - Returns: False if a reader or another process needs the log for too long.
  func clear() throws(SQLiteFailure) -> Bool {
    let start = ContinuousClock.now
    // Before anything can fail: the file may be truncated nevertheless.
    pages.forgetMinimum()
    do throws(SQLiteFailure) {
      let outcome = try turns.shorten { () throws(SQLiteFailure) in try moveAll(.truncate) }
      if outcome.isComplete {
        pages.clear()
        // Otherwise, the old pages could come back after a power failure.
        try connection.syncLog()
      }
      record(.success(outcome), since: start)
      return outcome.isComplete
    } catch {
      if error.isBusy { return false }
      record(.failure(error), since: start)
      throw error
    }
  }

  private func record(_ result: Result<CheckpointOutcome, SQLiteFailure>, since start: ContinuousClock.Instant) {
    figures.duration.add(.now - start)
    switch result {
    case .success(let outcome):
      guard outcome.moved > 0 || outcome.isComplete else { return }
      figures.failing = nil
      figures.count += 1
    case .failure(let failure):
      figures.failures += 1
      figures.failing = (figures.failing?.since ?? start, failure.error)
    }
  }

  /// Moves all of the log, and waits until no reader needs it.
  ///
  /// In short attempts: SQLite waits for the readers that hold one of four marks that was outdated when the attempt
  /// began. While reads overlap, others update that mark and share it without end, which only the next attempt detects.
  /// Readers that find no free mark share an outdated one, so that even the next attempts may not end: then no more
  /// readers may begin.
  private func moveAll(_ checkpoint: Connection.Checkpoint) throws(SQLiteFailure) -> CheckpointOutcome {
    let start = ContinuousClock.now
    var isBlocked = false
    var isHeldByOthers = false
    defer { turns.unblock() }
    while true {
      // While readers are blocked, none begins during the attempt either.
      let isAlone = isBlocked && !turns.isAnyRunning
      let outcome = try connection.checkpoint(checkpoint, waitingUpTo: Self.tryDuration)
      let passed = ContinuousClock.now - start
      if isAlone, !outcome.isComplete {
        isHeldByOthers = true
        isBlocked = false
        turns.unblock()
      }
      let maximumWait = isHeldByOthers ? Self.maximumWaitForOthers : Self.maximumWait
      if outcome.isComplete || passed >= maximumWait { return outcome }
      if !isBlocked, !isHeldByOthers, passed >= Self.unblockedDuration {
        isBlocked = true
        turns.block()
      }
    }
  }
}
