public import Evento

/// How a ``SQLiteExecutor`` works. The defaults suit most.
public struct SQLiteConfiguration: Sendable {
  /// Connections for short reads, and as many for long ones, beside the one that writes; at least 1. A database in memory
  /// has none.
  public var readers = 2
  /// How long a statement waits for another process that holds the database; a commit that takes longer counts as stuck.
  public var busyTimeout: Duration = .seconds(5)
  /// Events that a page holds at most, whatever is asked for; at least 1.
  public var pageEvents = 1000
  /// Bytes of payloads and metadata that a page holds at most. A single event that is larger comes alone.
  public var pageBytes = 8 << 20
  /// Writes that wait for a commit; one more is refused as `unavailable`. Writes whose condition is checked first wait
  /// in another line with the same limit.
  public var waitingWrites = 4096
  /// Pages of the write-ahead log after which they are moved into the database (https://sqlite.org/wal.html#ckpt), from 1
  /// to 2^20. Reads can't make the log grow past about twice as many and one commit, unless another process reads for long
  /// in one transaction, as a backup does.
  public var autocheckpoint = 4000
  /// Bytes of the database file, from its beginning, that reads have mapped into memory instead of copying them; 0: none.
  /// SQLite maps 2 GiB at most (https://sqlite.org/mmap.html).
  ///
  /// Reads whose events lie far apart, such as those of an aggregate, take a third less processor time. In exchange, what
  /// they touch counts as this process's memory, though the system takes it back when it needs it, and where the disk
  /// fails to deliver a page, or somebody cuts the file short, the process ends by a signal (`SIGBUS`) where a read
  /// would otherwise have thrown.
  public var memoryMapBytes: Int64 = 0
  /// Permissions of a database file that is created, less what the process's umask takes away: 0640, so that the owner may
  /// read and write it and the group may read it. They must include 0600. A file that exists keeps its own. The
  /// write-ahead log and the shared memory get those of the database.
  public var filePermissions: UInt16 = 0o640
  /// Whether a database that does not exist, or is empty, is created. If not, opening it is an error, so that a volume that
  /// is not mounted does not look like a new store.
  public var createsDatabase = true
  /// The name by which errors call what forbids creating a database: a command names its option.
  package var createsDatabaseSetting = "`createsDatabase = false`"
  /// The clock, which gives events and subscribers their times. One before 1970 counts as 1970, one after 9999 as the end
  /// of that year.
  public var now: @Sendable () -> Timestamp = { .now() }

  /// Called with events that an operator should see, such as a removed file. It must not block.
  public var notify: @Sendable (SQLiteNotice) -> Void = { _ in }

  public init() {}
}

/// Something that an operator should know of, and that no caller is there to be thrown at: for a log.
public struct SQLiteNotice: Sendable {
  public enum Level: Sendable {
    /// Something that takes long has begun or has ended, such as the upgrade of an older store.
    case information
    /// Something that was wrong is right again.
    case recovery
    /// Something is wrong.
    case failure
  }

  public let level: Level
  /// What happened, and what to do.
  public let message: String
  /// What SQLite or the system said.
  public let cause: String?
}
