import Evento
import Foundation
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Connections that end, and what is certain then.
@Suite(.needsPostgreSQL) struct DisconnectionTests {
  private static let backend = Statement.once("SELECT pg_backend_pid()")
  /// Says that another backend has run into a lock, so that nothing needs to sleep.
  private static let isWaiting = Statement.once(
    "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'advisory'", .int4)
  private static let lock = Statement.once("SELECT pg_advisory_xact_lock($1)", .int8)

  @Test func theDeadlineClosesTheConnection() async throws {
    try await withConnection { connection in
      let failed = try failure { try connection.run(.once("SELECT pg_sleep(60)"), within: .milliseconds(50)) }
      #expect(failed.reason == .timedOut && failed.outcome == .unknown && failed.isConnectionLost)
      #expect(failed.error.code == .unavailable && failed.error.isTransient)
      #expect(connection.isBroken)
      let next = try failure { try connection.run(.once("SELECT 1")) }
      #expect(next.isConnectionLost && next.outcome == .nothingWritten)
    }
  }

  @Test func theDeadlineBeforeTheCommitWritesNothing() async throws {
    try await withConnection { connection in
      let failed = try failure {
        try connection.pipeline(within: .milliseconds(50)) { (pipeline) throws(PostgreSQLFailure) in
          try pipeline.send(.begin)
          try pipeline.send(.once("SELECT pg_sleep(60)"))
          _ = try pipeline.syncInTransaction()
        }
      }
      #expect(failed.reason == .timedOut && failed.outcome == .nothingWritten)
    }
  }

  /// Terminates the backend of a connection that waits for a lock in `body`.
  private func terminated(
    lock key: Int64, _ body: @escaping @Sendable (Pipeline) throws(PostgreSQLFailure) -> Void
  ) async throws -> PostgreSQLFailure {
    try await withConnection { other in
      try other.run(.begin)
      try other.run(Self.lock, [.int8(key)])
      let (connection, queue) = (try Connection(try ConnectionSettings(serverURL(other))), DispatchQueue(label: "test"))
      let backend = Int32(try connection.run(Self.backend).integer(0, 0))
      // `nonisolated(unsafe)`: used on the queue only until it is empty.
      nonisolated(unsafe) let victim = connection
      nonisolated(unsafe) var result: PostgreSQLFailure?
      queue.async {
        result = try? failure { try victim.pipeline { (pipeline) throws(PostgreSQLFailure) in try body(pipeline) } }
      }
      while try other.run(Self.isWaiting, [.int4(backend)]).rowCount == 0 {}
      try other.run(.once("SELECT pg_terminate_backend($1)", .int4), [.int4(backend)])
      queue.sync {}
      #expect(victim.isBroken)
      return try #require(result)
    }
  }

  private func serverURL(_ connection: Connection) -> String { connection.name }

  @Test func aTerminatedBackendMayHaveCommitted() async throws {
    let failed = try await terminated(lock: 1) { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(Self.lock, [.int8(1)])
      try pipeline.sync()
    }
    #expect(failed.sqlstate == .adminShutdown && failed.outcome == .unknown && failed.isConnectionLost)
    #expect(failed.error.detail.contains("shutting down"))
  }

  @Test func aTerminatedBackendThatWasSentNoCommitHasWrittenNothing() async throws {
    let failed = try await terminated(lock: 2) { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(.begin)
      try pipeline.send(Self.lock, [.int8(2)])
      _ = try pipeline.syncInTransaction()
    }
    #expect(failed.sqlstate == .adminShutdown && failed.outcome == .nothingWritten && failed.isConnectionLost)
  }

  @Test func anIdleConnectionThatEndedIsNoticed() async throws {
    let url = try await PostgreSQLServer.shared.database.url
    try await withConnection { connection in
      let backend = Int32(try connection.run(Self.backend).integer(0, 0))
      let other = try Connection(try ConnectionSettings(url))
      try other.run(.once("SELECT pg_terminate_backend($1)", .int4), [.int4(backend)])
      let failed = try failure { try connection.run(.once("SELECT 1")) }
      #expect(failed.isConnectionLost && failed.outcome == .unknown && connection.isBroken)
    }
  }

  @Test func aLockThatIsHeldTooLongWritesNothing() async throws {
    let url = try await PostgreSQLServer.shared.database.url
    try await withConnection { connection in
      let other = try Connection(try ConnectionSettings(url))
      try other.run(.begin)
      try other.run(Self.lock, [.int8(3)])
      try connection.run(.once("SET lock_timeout = '10ms'"))
      let failed = try failure { try connection.run(Self.lock, [.int8(3)]) }
      #expect(failed.sqlstate == .lockNotAvailable && failed.outcome == .nothingWritten && !failed.isConnectionLost)
      #expect(try connection.run(.once("SELECT 1")).rowCount == 1)
    }
  }

  @Test func anIdleTransactionThatWasEndedWroteNothing() async throws {
    try await withConnection { connection in
      try connection.run(.once("SET idle_in_transaction_session_timeout = '10ms'"))
      try connection.run(.begin)
      let failed = try failure { _ = try connection.waitForNotifications(within: .seconds(30)) }
      #expect(failed.isConnectionLost && failed.outcome == .nothingWritten)
    }
  }

  @Test(arguments: [
    ("40001", false, PostgreSQLFailure.Outcome.nothingWritten), ("40P01", false, .nothingWritten),
    ("23505", false, .nothingWritten), ("55P03", false, .nothingWritten), ("57014", false, .nothingWritten),
    ("25P03", true, .nothingWritten), ("57P01", true, .unknown), ("57P01", false, .unknown), ("57P02", true, .unknown),
    ("08006", false, .unknown), ("40003", false, .unknown), ("XX000", false, .nothingWritten),
    ("XX000", true, .unknown),
    ("53100", false, .nothingWritten), ("53100", true, .unknown),
  ])
  func theOutcomeOfACommit(_ code: String, _ isLost: Bool, _ outcome: PostgreSQLFailure.Outcome) {
    func failure(_ mayHaveCommitted: Bool) -> PostgreSQLFailure {
      PostgreSQLFailure(
        .server, sqlstate: SQLState(rawValue: code), message: "", action: "", mayHaveCommitted: mayHaveCommitted,
        isConnectionLost: isLost)
    }
    #expect(failure(true).outcome == outcome)
    #expect(failure(false).outcome == .nothingWritten)
  }
}
