internal import Evento
internal import Synchronization

/// The files of the writer's database. It detects that one was removed, replaced or cut, and keeps the write-ahead log
/// short. A database in memory has none.
///
/// `@unchecked Sendable`: `sizes`, `checkpointer` and `connection` are used only on the writer's queue.
final class WriterFiles: @unchecked Sendable {
  private let connection: Connection
  private let files: OpenFiles
  private let sizes: MinimumSizes
  private let checkpointer: Checkpointer
  private let lastFigures = Mutex(Checkpointer.Figures())

  /// - Parameters:
  ///   - connection: The writer's connection, which has read or written the database.
  ///   - threshold: The number of pages of the log after which it is moved.
  init(
    _ connection: Connection, _ files: OpenFiles, threshold: Int, turns: ReadTurns
  ) throws(SQLiteFailure) {
    self.connection = connection
    self.files = files
    checkpointer = try Checkpointer(connection, threshold: threshold, turns: turns)
    sizes = try MinimumSizes(connection, files, checkpointer.pages)
  }

  /// The size of the write-ahead log, in bytes.
  var logBytes: Int { files.logBytes }

  /// The size of the database file, in bytes.
  var databaseBytes: Int { files.databaseBytes }

  /// The free bytes on the disk of the database; `nil` if unknown.
  var freeBytes: Int? { files.freeBytes }

  /// The checkpoints so far.
  var figures: Checkpointer.Figures { lastFigures.withLock { $0 } }

  // MARK: Files that are not what was written

  /// Returns the change to the first file whose name no longer leads to it.
  func firstDisplaced() -> FileChange? { files.firstDisplaced() }

  /// See ``MinimumSizes/firstTruncated(dataVersion:)``.
  func firstTruncated(dataVersion: Int64?) throws(SQLiteFailure) -> FileChange? {
    try sizes.firstTruncated(dataVersion: dataVersion)
  }

  /// Records a commit that failed.
  func commitFailed() { sizes.commitFailed() }

  /// Returns the change to a file since the last commit, if any.
  func displacementAtTheEnd(_ headCache: HeadCache) -> FileChange? {
    if let displacement = files.firstDisplaced() { return displacement }
    do throws(SQLiteFailure) {
      try connection.run("BEGIN IMMEDIATE")
      defer { connection.rollBack() }
      return try sizes.firstTruncated(dataVersion: headCache.refresh(connection))
    } catch {
      // Another process is writing, or the disk fails, which the checkpoint reports.
      return nil
    }
  }

  // MARK: The write-ahead log

  /// Moves the log into the database if it has become long enough.
  ///
  /// - Returns: A notice if this has begun to fail, or succeeds again.
  func moveLog(_ health: WriterHealth) -> StoreNotice? {
    // A disk can hang here too.
    health.began()
    checkpointer.run()
    return ended(health)
  }

  /// Empties the log, because it has pages with erased bytes. The commits before this are on disk.
  ///
  /// - Returns: The error if it could not be emptied, and a notice like that of ``moveLog(_:)``.
  func clearLog(_ health: WriterHealth) -> (error: EventoError?, notice: StoreNotice?) {
    health.began()
    var remaining: EventoError?
    do throws(SQLiteFailure) {
      if try !checkpointer.clear() {
        remaining = .erasedBytesInLog(
          "because another process or a long read uses it", "Repeat the erasure once that has ended.")
      }
    } catch {
      remaining = .erasedBytesInLog(
        "because the disk failed", "Check the disk, and repeat the erasure.", cause: error.error.cause)
    }
    return (remaining, ended(health))
  }

  /// Takes over what the checkpointer has counted.
  private func ended(_ health: WriterHealth) -> StoreNotice? {
    health.endedWithoutCommit()
    let (before, after) = (figures, checkpointer.figures)
    if after.count != before.count { sizes.checkpointed() }
    lastFigures.withLock { $0 = after }
    guard after.count != before.count || after.failures != before.failures else { return nil }
    health.checkpoints(failing: after.failing)
    switch (before.failing, after.failing) {
    case (nil, let failing?):
      return StoreNotice(level: .failure, message: EventoError.logGrows, cause: failing.error.cause)
    case (.some, nil):
      return StoreNotice(
        level: .recovery, message: "The write-ahead log is moved into the database file again.", cause: nil)
    default: return nil
    }
  }

  /// Moves the rest of the log into the database, so that the file alone is the complete store.
  ///
  /// - Returns: A notice if some of the log remains.
  func emptyLog() -> StoreNotice? {
    let reason: String
    do throws(SQLiteFailure) {
      let outcome = try connection.checkpoint(.truncate, waitingUpTo: connection.busyTimeout)
      // Another process that reads keeps the file, but all of it has been moved.
      if outcome.moved == outcome.pages { return nil }
      reason = "another process is reading it"
    } catch {
      reason = error.message
    }
    return StoreNotice(
      level: .failure,
      message:
        "\(files.logPath) still has \(files.logBytes) bytes of events that are not in the database "
        + "file. Keep both files together: the next start moves the events.",
      cause: reason)
  }

  // MARK: Metrics

  /// - Parameter files: `nil` for a database in memory.
  static func metrics(of files: WriterFiles?) -> [StoreMetrics.Metric] {
    let figures = files?.figures ?? Checkpointer.Figures()
    return [
      .init("evento_database_bytes", .gauge, "Size of the database file, in bytes.", .count(files?.databaseBytes ?? 0)),
      .init(
        "evento_write_ahead_log_bytes", .gauge, "Size of the write-ahead log, in bytes.", .count(files?.logBytes ?? 0)),
      .init(
        "evento_checkpoint_duration_seconds", .histogram,
        "Time of an attempt to move the write-ahead log into the database file, in seconds. No commit starts meanwhile.",
        .distribution(figures.duration)),
      .init("evento_checkpoint_failures_total", .counter, "Checkpoints that failed.", .count(figures.failures)),
    ]
  }
}

extension EventoError {
  /// The error of an erasure that is done for every reader.
  ///
  /// - Parameters:
  ///   - reason: Why the log could not be emptied, as the end of a sentence.
  ///   - advice: What to do, as a sentence.
  fileprivate static func erasedBytesInLog(_ reason: String, _ advice: String, cause: String? = nil) -> EventoError {
    EventoError(
      .unavailable,
      "The aggregate is erased for every reader, but its bytes are still in the write-ahead log, \(reason). \(advice)",
      cause: cause)
  }

  static let logGrows =
    "The write-ahead log can't be moved into the database file, and keeps growing. Check the database's disk."
}
