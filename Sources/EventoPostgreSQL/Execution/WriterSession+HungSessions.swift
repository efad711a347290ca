extension WriterSession {
  /// Ends the sessions that hold the lock of the log while the server waits for the rest of their statements, for longer
  /// than an exchange may take.
  ///
  /// The gateway of such a session was stopped in the middle of a large batch. The server has no time limit for that:
  /// `idle_in_transaction_session_timeout` counts after a sync, and `statement_timeout` from the arrival of a whole
  /// message (https://www.postgresql.org/docs/15/runtime-config-client.html). A role may end its own sessions:
  /// https://www.postgresql.org/docs/15/functions-admin.html#FUNCTIONS-ADMIN-SIGNAL
  func endHungSessions() throws(PostgreSQLFailure) {
    try connection.run(Self.endStatement, [.int8(Int64(connection.timeout / .milliseconds(1)))])
  }

  private static let endStatement = Statement(
    """
    SELECT pg_terminate_backend(pid)
    FROM pg_stat_activity JOIN pg_locks USING (pid)
    WHERE datname = current_database() AND usename = current_user
      AND state = 'active' AND wait_event = 'ClientRead' AND query_start < clock_timestamp() - $1 * interval '1 ms'
      AND locktype = 'relation' AND relation = 'store'::regclass AND mode = 'RowExclusiveLock' AND granted
    """, .int8)
}
