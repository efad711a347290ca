internal import Synchronization

/// The sessions that this store has left because the server did not respond in time, and that the server may still have.
///
/// A commit waits for a synchronous standby as long as it takes, and meanwhile the server does not notice that its client
/// has closed the connection (https://www.postgresql.org/docs/15/warm-standby.html#SYNCHRONOUS-REPLICATION-HA). To cancel
/// the wait would show readers a commit that a failover may lose. So while a few such sessions are left, no other one
/// begins what may wait in the same way: they would take all of the server's connections.
final class AbandonedSessions: Sendable {
  private let backends = Mutex<Set<Int32>>([])

  /// The number of sessions from which on nothing else may begin.
  private static let limit = 2

  /// - Parameter backend: See ``Connection/backend``.
  func add(_ backend: Int32) {
    _ = backends.withLock { $0.insert(backend) }
  }

  /// - Parameter connection: A connection to the server, on which a change is about to begin.
  /// - Throws: ``PostgreSQLFailure/Reason-swift.enum/timedOut`` if the server still has too many of the sessions.
  func check(on connection: Connection) throws(PostgreSQLFailure) {
    let known = backends.withLock { $0 }
    guard !known.isEmpty else { return }
    let rows = try connection.run(Self.statement, [.int4Array(Array(known))])
    let left = Set((0..<rows.rowCount).map { Int32(clamping: rows.integer($0, 0)) })
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

  /// A session ends when its server is done and finds no client, so an idle one with the number is another one.
  private static let statement = Statement(
    "SELECT pid FROM pg_stat_activity WHERE pid = ANY ($1) AND state IS DISTINCT FROM 'idle'", .int4Array)
}
