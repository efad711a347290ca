internal import Evento

/// The minimum sizes of an open store's files, as far as this process can tell.
///
/// A file that was truncated, or overwritten by a smaller one, has the same name and inode as before, and SQLite
/// continues to write after its old end (https://sqlite.org/howtocorrupt.html §1.4). The sizes are valid only while no
/// other connection has changed the database: another process may checkpoint and truncate the log, or shrink the
/// database by `VACUUM`.
///
/// Confined to the writer's queue.
final class MinimumSizes {
  private let connection: Connection
  private let files: OpenFiles
  private let pages: LogPages
  private let pageSize: Int
  /// True if a commit of this process can make the database smaller: https://sqlite.org/pragma.html#pragma_auto_vacuum
  private var canShrink = true
  private var dataVersion: Int64?
  private var database = 0
  private var mustMeasure = true

  init(_ connection: Connection, _ files: OpenFiles, _ pages: LogPages) throws(SQLiteFailure) {
    self.connection = connection
    self.files = files
    self.pages = pages
    pageSize = Int(try connection.integer("PRAGMA page_size") ?? 0)
  }

  /// Checks that the database and its log together have all pages. After a truncation while no store had it open, they
  /// don't.
  ///
  /// - Throws: ``EventoError``; ``SQLiteFailure``.
  static func checkIsWhole(_ connection: Connection, _ files: OpenFiles) throws {
    // No other process can empty the log while this transaction reads.
    try connection.snapshot {
      let pages = Int(try connection.integer("PRAGMA page_count") ?? 0)
      let pageSize = Int(try connection.integer("PRAGMA page_size") ?? 4096)
      let inFile = FileSystem.size(files.databasePath) / pageSize
      guard pages - inFile > (files.logBytes - 32) / (pageSize + 24) else { return }
      throw EventoError(
        .internal,
        "\(files.databasePath) is damaged (it has \(inFile) of its \(pages) pages, and the others are not in its write-ahead "
          + "log). Move both files away, and restore the latest backup.")
    }
  }

  /// Returns a file that is smaller than it must be. Call it in a transaction that holds the write lock, before it
  /// writes: then no other process can truncate the log or commit meanwhile, and no write has hidden a truncation yet.
  ///
  /// - Parameter dataVersion: The data version in the transaction. It changes when another connection has committed or
  ///   emptied the log: https://sqlite.org/pragma.html#pragma_data_version
  func firstTruncated(dataVersion: Int64?) throws(SQLiteFailure) -> FileChange? {
    if dataVersion != self.dataVersion {
      self.dataVersion = dataVersion
      pages.forgetMinimum()
      (database, mustMeasure) = (0, true)
      // Another process may have switched it on.
      canShrink = try connection.integer("PRAGMA auto_vacuum") != 0
    }
    if pages.minimum > 0 {
      // https://sqlite.org/fileformat2.html#the_write_ahead_log
      let log = 32 + pages.minimum * (pageSize + 24)
      if let bytes = FileSystem.bytes(files.logPath), bytes < log {
        return .truncated(files.logPath, bytes: bytes, least: log)
      }
    }
    guard !canShrink, let bytes = FileSystem.bytes(files.databasePath) else { return nil }
    if bytes < database { return .truncated(files.databasePath, bytes: bytes, least: database) }
    guard mustMeasure else { return nil }
    // The file may have more pages than the database. The next checkpoint cuts them off.
    database = min(bytes, pageSize * Int(try connection.integer("PRAGMA page_count") ?? 0))
    mustMeasure = false
    return nil
  }

  /// Records a commit that failed. If it is the first one since the log was started again, SQLite may have cut the log to
  /// `journal_size_limit` (`sqlite3WalFrames` in https://sqlite.org/src/file/src/wal.c).
  func commitFailed() {
    pages.forgetMinimum()
  }

  /// Records a checkpoint, after which the database may be larger.
  func checkpointed() {
    mustMeasure = true
  }
}
