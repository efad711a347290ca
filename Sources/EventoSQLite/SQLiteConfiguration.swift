public import Evento

/// The settings of a ``SQLiteExecutor``. The defaults suit most programs.
public struct SQLiteConfiguration: Sendable {
  /// The number of connections for short reads, and the number for long reads; at least 1. A database in memory has
  /// none.
  public var readers = 2
  /// The time for which a statement waits for another process that has locked the database. A commit that takes longer
  /// counts as stuck.
  public var busyTimeout: Duration = .seconds(5)
  /// The maximum number of events on a page, whatever the read requests; at least 1.
  public var pageEvents = 1000
  /// The maximum size of the payloads and metadata on a page, in bytes. A larger event is returned alone.
  public var pageBytes = 8 << 20
  /// The maximum number of writes that wait for a commit. Further ones fail with `unavailable`. Writes whose condition
  /// is checked first have a queue of their own, with the same limit.
  public var waitingWrites = 4096
  /// The number of pages of the write-ahead log after which they are moved into the database
  /// (https://sqlite.org/wal.html#ckpt), 1 to 2^20. Reads can't make the log grow past about twice that and one commit,
  /// unless another process reads for a long time in one transaction, like a backup.
  public var autocheckpoint = 4000
  /// The number of bytes at the beginning of the database file that reads map into memory instead of copying; 0 for
  /// none. SQLite maps at most 2 GiB (https://sqlite.org/mmap.html).
  ///
  /// Reads of events that are far apart, such as those of an aggregate, take a third less processor time. In exchange,
  /// mapped pages count as this process's memory, though the system reclaims them when it needs memory. If the disk
  /// can't read a page, or the file is truncated, the process ends by a signal (`SIGBUS`) instead of throwing an error.
  public var memoryMapBytes: Int64 = 0
  /// The permissions of a new database file, less the process's umask: 0640, so that the owner can read and write it
  /// and the group can read it. They must include 0600. An existing file keeps its own. The write-ahead log and the
  /// shared memory have those of the database.
  public var filePermissions: UInt16 = 0o640
  /// True if opening creates a database that does not exist or is empty. If false, opening it is an error, so that an
  /// unmounted volume does not look like a new store.
  public var createsDatabase = true
  /// The name of the setting that forbids creating a database, in errors. A command sets the name of its option.
  package var createsDatabaseSetting = "`createsDatabase = false`"
  /// The clock for the times of events and subscribers. A time before 1970 counts as 1970, one after 9999 as the end of
  /// that year.
  public var now: @Sendable () -> Timestamp = { .now() }

  /// Called with notices for the operator, such as a removed file. It must not block.
  public var notify: @Sendable (StoreNotice) -> Void = { _ in }

  public init() {}
}
