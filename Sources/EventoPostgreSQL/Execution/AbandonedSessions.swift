internal import Synchronization

/// The sessions that this store has left because the server did not respond in time, and that the server may still have.
///
/// A commit waits for a synchronous standby as long as it takes, and meanwhile the server does not notice that its client
/// has closed the connection (https://www.postgresql.org/docs/15/warm-standby.html#SYNCHRONOUS-REPLICATION-HA). To cancel
/// the wait would show readers a commit that a failover may lose. So while a few such sessions are left, no other one
/// begins what may wait in the same way: they would take all of the server's connections. A new connection to another
/// server ends that, which does not have them, and one to the same server does not.
final class AbandonedSessions: Sendable {
  private let backends = Mutex<Set<Connection.Backend>>([])

  /// The number of sessions from which on nothing else may begin.
  private static let limit = 2

  /// - Parameter backend: See ``Connection/backend``.
  func add(_ backend: Connection.Backend) {
    _ = backends.withLock { $0.insert(backend) }
  }

  /// - Parameter connection: A connection to the server, on which a change is about to begin.
  /// - Throws: ``PostgreSQLFailure/Reason-swift.enum/timedOut`` if the server still has too many of the sessions.
  func check(on connection: Connection) throws(PostgreSQLFailure) {
    let known = backends.withLock { $0 }
    guard !known.isEmpty else { return }
    let rows = try connection.run(
      Self.statement, [.int4Array(known.map(\.pid)), .int8Array(known.map(\.start))])
    let left = Set(
      (0..<rows.rowCount).map { row in
        Connection.Backend(pid: Int32(clamping: rows.integer(row, 0)), start: rows.integer(row, 1))
      })
    let count = backends.withLock { backends in
      backends.subtract(known.subtracting(left))
      return backends.count
    }
    guard count < Self.limit else {
      throw PostgreSQLFailure(
        .timedOut, message: "\(count) earlier changes still wait, for a standby or a lock", action: "begin a change",
        mayHaveCommitted: false, isConnectionLost: false)
    }
  }

  /// A session ends when its server is done and finds no client. Its number may become that of another process, also one
  /// of another server after a failover, which began at another time.
  private static let statement = Statement(
    """
    SELECT pid, known.start
    FROM unnest($1, $2) AS known (pid, start) JOIN pg_stat_activity AS activity USING (pid)
    WHERE known.start = \(Connection.Backend.start(of: "activity")) AND backend_type = 'client backend'
      AND state IS DISTINCT FROM 'idle'
    """, .int4Array, .int8Array)
}
