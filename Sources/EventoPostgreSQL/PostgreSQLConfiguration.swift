public import Evento

/// The settings of a ``PostgreSQLExecutor``. The defaults suit most programs.
public struct PostgreSQLConfiguration: Sendable {
  /// The database, as a URL that libpq accepts
  /// (https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING), such as
  /// `postgresql://evento@db1,db2/evento?sslmode=verify-full`. List all servers of a cluster.
  ///
  /// It can have a password, so it is never part of an error or a notice.
  public var url: String
  /// The schema of the store's tables; `nil` for the first one of the `search_path`.
  public var schema: String?
  /// The maximum number of connections for reads, subscribers and snapshots; at least 1. A third of them reads pages, and
  /// a third changes subscribers and snapshots. A store has two more: one that adds events, and one that waits for the
  /// commits of others.
  public var readers = 6
  /// The time for one exchange with the server. If it passes, the connection is closed, and another server of the URL is
  /// tried first.
  public var requestTimeout: Duration = .seconds(5)
  /// The time for a write, including the wait for a new leader after a failover. If it passes, the write fails with
  /// `unavailable`.
  public var writeTimeout: Duration = .seconds(20)
  /// The maximum number of events on a page, whatever the read requests; at least 1.
  public var pageEvents = 1000
  /// The maximum size of the payloads and metadata on a page, in bytes. A larger event is returned alone.
  public var pageBytes = 8 << 20
  /// The maximum number of writes that wait for a commit. Further ones fail with `unavailable`.
  public var waitingWrites = 4096
  /// True if a server with `synchronous_commit = off` is accepted, which can lose confirmed events in a crash.
  public var allowsAsynchronousCommit = false
  /// True if opening creates the tables if they are missing. If false, it is an error.
  public var createsTables = true
  /// The clock for the times of events and subscribers. A time before 1970 counts as 1970, one after 9999 as the end of
  /// that year.
  public var now: @Sendable () -> Timestamp = { .now() }
  /// Called with notices for the operator, such as a lost connection. It must not block.
  public var notify: @Sendable (StoreNotice) -> Void = { _ in }

  public init(url: String) {
    self.url = url
  }
}
