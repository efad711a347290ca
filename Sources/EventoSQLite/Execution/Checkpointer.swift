internal import Evento

/// Moves the write-ahead log into the database between commits, so that the log stays short.
///
/// SQLite's automatic checkpoints never wait for a reader, and the log can only be written from its start again when no
/// reader needs it. While reads overlap there is always one that does, and the log grows for as long as they do
/// (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files). So past twice the threshold the writer waits for
/// the readers that have begun: those that begin after the log is moved read from the database alone. Usually that takes
/// no longer than a read. Where it does, no read of this store begins until those that run have ended.
///
/// Confined to the writer's queue.
final class Checkpointer {
  private let connection: Connection
  private let pages: LogPages
  private let threshold: Int
  private let turns: ReadTurns
  /// Pages at which to move the log, and at which to wait for readers too.
  private var next: Int
  private var nextRestart: Int
  private var lastTry = ContinuousClock.now
  private var lastRestart = ContinuousClock.now

  private(set) var figures = Figures()

  struct Figures {
    var count = 0
    var duration = Duration.zero
    var failures = 0
    /// Since when every try has failed, and why the last one did.
    var failing: (since: ContinuousClock.Instant, error: EventoError)?
  }

  private static let tryDuration = Duration.milliseconds(20)
  /// After how long no read of this store begins any more. Most restarts are done by then, and readers need not wait.
  private static let openDuration = Duration.milliseconds(40)
  /// How long commits, and reads that have not begun, wait for reads of this store, which take milliseconds.
  private static let patience = Duration.seconds(5)
  /// How long commits wait for another process, which may read for any time, as a backup does.
  private static let patienceForOthers = Duration.milliseconds(250)
  /// When a reader that was in the way for long is waited for again, however little the log has grown.
  private static let restartInterval = Duration.seconds(30)
  /// How soon a checkpoint that has failed is tried again.
  private static let retryInterval = Duration.seconds(1)

  /// - Parameter threshold: pages of the log past which it is moved.
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
    // Written from its start again.
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
        ? try turns.shorten(during: restart) : try connection.checkpoint(.passive, patience: .zero)
      // Where a reader is in the way for long, it is not waited for again before the log has doubled.
      if restarts { nextRestart = outcome.isComplete ? 2 * threshold : 2 * pages.count }
      figures.duration += .now - start
      if outcome.moved > 0 {
        figures.failing = nil
        figures.count += 1
      }
    } catch {
      figures.failures += 1
      figures.failing = (figures.failing?.since ?? start, error.error)
    }
    next = pages.count + max(threshold / 4, 1)
  }

  /// Moves all of the log, and waits until no reader needs it.
  ///
  /// In short tries: SQLite waits for the readers that hold one of four marks that was behind when the try began. While reads
  /// overlap, others take that mark up to date and share it without end, which only the next try finds out. Readers that
  /// find no mark free share one that is behind, so that even the next tries may not end: then no more readers are let in.
  private func restart() throws(SQLiteFailure) -> CheckpointOutcome {
    let start = ContinuousClock.now
    var isShut = false
    var isHeldByOthers = false
    defer { turns.open() }
    while true {
      // While shut, none begins during the try either.
      let isAlone = isShut && !turns.areAny
      let outcome = try connection.checkpoint(.restart, patience: Self.tryDuration)
      let passed = ContinuousClock.now - start
      if isAlone, !outcome.isComplete {
        isHeldByOthers = true
        isShut = false
        turns.open()
      }
      if outcome.isComplete || passed >= (isHeldByOthers ? Self.patienceForOthers : Self.patience) { return outcome }
      if !isShut, !isHeldByOthers, passed >= Self.openDuration {
        isShut = true
        turns.shut()
      }
    }
  }
}
