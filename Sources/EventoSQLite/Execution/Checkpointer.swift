internal import Evento

/// Moves the write-ahead log into the database between commits, so that the log stays short.
///
/// SQLite's automatic checkpoints never wait for a reader, and the log can only be written from its start again when no
/// reader needs it. While reads overlap there is always one that does, and the log grows for as long as they do
/// (https://sqlite.org/wal.html#avoiding_excessively_large_wal_files). So past twice the threshold the writer waits for
/// the readers that have begun: those that begin after the log is moved read from the database alone, so that it waits
/// for one read at most.
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

  private(set) var figures = Figures()

  struct Figures {
    var count = 0
    var duration = Duration.zero
    var failures = 0
    /// Since when every try has failed, and why the last one did.
    var failing: (since: ContinuousClock.Instant, error: EventoError)?
  }

  /// How long commits wait for readers. One of this store takes milliseconds; another process may take any time, as a
  /// backup does, and is not waited for long.
  private var patience: Duration { turns.areAny ? .seconds(1) : .milliseconds(250) }
  /// How soon a checkpoint that has failed is tried again.
  private static let retryInterval = Duration.seconds(1)

  /// - Parameter threshold: pages of the log past which it is moved.
  init(_ connection: Connection, threshold: Int, turns: ReadTurns) throws(SQLiteFailure) {
    self.connection = connection
    self.threshold = max(threshold, 1)
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
    let restarts = pages.count >= nextRestart
    let start = ContinuousClock.now
    lastTry = start
    do throws(SQLiteFailure) {
      let isDone =
        restarts
        ? try turns.shorten { () throws(SQLiteFailure) in
          try connection.checkpoint(.restart, patience: patience)
        } : try connection.checkpoint(.passive, patience: .zero)
      // Where a reader is in the way for long, it is not waited for again before the log has doubled.
      if restarts { nextRestart = isDone ? 2 * threshold : 2 * pages.count }
      figures.failing = nil
      figures.count += 1
      figures.duration += .now - start
    } catch {
      figures.failures += 1
      figures.failing = (figures.failing?.since ?? start, error.error)
    }
    next = pages.count + max(threshold / 4, 1)
  }
}
