internal import CSQLite

/// The write-ahead log of a database: https://sqlite.org/wal.html
extension Connection {
  /// A way to move the log into the database: https://sqlite.org/c3ref/wal_checkpoint_v2.html
  enum Checkpoint {
    /// Moves as much as no reader needs, without waiting.
    case passive
    /// Moves all of it, then waits until no reader needs the log, so that the next commit writes it from its start.
    case restart
    /// Like ``restart``, and truncates the file.
    case truncate

    fileprivate var mode: Int32 {
      switch self {
      case .passive: SQLITE_CHECKPOINT_PASSIVE
      case .restart: SQLITE_CHECKPOINT_RESTART
      case .truncate: SQLITE_CHECKPOINT_TRUNCATE
      }
    }
  }

  /// Disables SQLite's automatic checkpoints. ``LogPages/count`` has the length of the log after each commit.
  ///
  /// - Parameter bytes: The size to which the log's file is truncated when it is written from its start again.
  func manageLog(keeping bytes: Int) throws(SQLiteFailure) -> LogPages {
    try execute("PRAGMA journal_size_limit = \(bytes)")
    let pages = LogPages()
    // The hook replaces SQLite's own one, which makes the automatic checkpoints: https://sqlite.org/c3ref/wal_hook.html
    installLogHook(pages)
    return pages
  }

  /// Moves the log into the database.
  ///
  /// - Parameter limit: The maximum time to wait for readers and other processes.
  func checkpoint(_ checkpoint: Checkpoint, waitingUpTo limit: Duration) throws(SQLiteFailure) -> CheckpointOutcome {
    if mustRepeatCheckpoints {
      guard repeatCheckpoints() else {
        throw SQLiteFailure(
          code: SQLITE_BUSY, message: "another process is moving it", action: "move the write-ahead log again")
      }
      mustRepeatCheckpoints = false
    }
    let usual = busyTimeout
    busyTimeout = limit
    defer { busyTimeout = usual }
    var (pages, moved): (Int32, Int32) = (0, 0)
    switch runCheckpoint(checkpoint.mode, &pages, &moved) {
    case SQLITE_OK: return CheckpointOutcome(pages: Int(pages), moved: Int(moved), isComplete: moved == pages)
    case let code where code & 0xFF == SQLITE_BUSY:
      return CheckpointOutcome(pages: Int(pages), moved: Int(moved), isComplete: false)
    case let code:
      let failure = failure(code, action: "move the write-ahead log into the database")
      mustRepeatCheckpoints = failure.isFailedSync && !repeatCheckpoints()
      throw failure
    }
  }

  /// Checks in the open transaction that there is room for a write of this size: writes as many bytes to the
  /// write-ahead log, and undoes that.
  ///
  /// Changed pages that do not fit into the cache are written to the log before the commit, so the cache is made very
  /// small. The undone pages are not part of the log, and the next commit overwrites them:
  /// https://sqlite.org/fileformat2.html#the_write_ahead_log
  func probeRoom(for bytes: Int) throws(SQLiteFailure) {
    let cache = try integer("PRAGMA cache_size") ?? -2000
    try execute("PRAGMA cache_size = 10; SAVEPOINT room")
    // This does not use the disk, so it does not fail.
    defer { try? execute("PRAGMA cache_size = \(cache)") }
    // No snapshot has an empty key.
    try run(
      """
      INSERT INTO snapshot (type, revision, id, position, tag, is_json, data)
      VALUES ('', '', '', 0, 0, 0, zeroblob(?1))
      """, .integer(Int64(bytes + Self.indexBytes)))
    try execute("ROLLBACK TO room; RELEASE room")
  }

  /// The size of the pages of tables and indexes that a write changes in addition to its payloads, in bytes.
  private static let indexBytes = 64 << 10
}

/// The result of a checkpoint.
struct CheckpointOutcome {
  /// The number of pages in the log, and how many of them are in the database now.
  let pages: Int
  let moved: Int
  /// True if the checkpoint was completed; false if readers blocked it for too long.
  let isComplete: Bool
}

/// The number of pages in the write-ahead log after the connection's last commit.
///
/// Confined to the connection's queue, on which the hook is called.
final class LogPages {
  private(set) var count = 0
  /// The number of pages that the log's file must have: 0 if it may have been shortened since the connection's last
  /// commit that has written to the log. An empty commit has not, and leaves this as it is.
  private(set) var minimum = 0

  /// Records that the log is empty.
  func clear() {
    (count, minimum) = (0, 0)
  }

  /// Records that the file may have been shortened: by another connection, or in an operation that has failed.
  func forgetMinimum() { minimum = 0 }

  fileprivate func committed(_ count: Int) {
    (self.count, minimum) = (count, count)
  }

  /// Called by SQLite after a commit.
  static let hook: @convention(c) (UnsafeMutableRawPointer?, OpaquePointer?, UnsafePointer<CChar>?, Int32) -> Int32 = {
    context, _, _, count in
    guard let context else { return SQLITE_OK }
    Unmanaged<LogPages>.fromOpaque(context).takeUnretainedValue().committed(Int(count))
    return SQLITE_OK
  }
}
