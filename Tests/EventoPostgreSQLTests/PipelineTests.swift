import Evento
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Statements that are sent together.
@Suite(.needsPostgreSQL) struct PipelineTests {
  /// Each side has more to send than the buffers between them hold.
  @Test func muchIsSentInBothDirections() async throws {
    let count = 8 << 20
    let sizes = try await withConnection { connection in
      let echo = Statement("SELECT $1, repeat('x', \(1 << 20))", .bytea)
      return try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        for byte in 0..<4 as Range<UInt8> {
          try pipeline.send(echo, [.bytes([UInt8](repeating: byte, count: count))])
        }
        return try pipeline.sync().map { ($0.bytes(0, 0).count, $0.bytes(0, 0).last, $0.bytes(0, 1).count) }
      }
    }
    #expect(sizes.map(\.0) == [count, count, count, count])
    #expect(sizes.map(\.1) == [0, 1, 2, 3])
    #expect(sizes.map(\.2) == [1 << 20, 1 << 20, 1 << 20, 1 << 20])
  }

  /// The same connection for all: what a failure leaves behind must not disturb the next statements.
  @Test func aTransactionStaysOpenAcrossASync() async throws {
    let select = Statement("SELECT a FROM synced FOR UPDATE")
    let update = Statement("UPDATE synced SET a = $1", .int8)
    let values = try await withConnection { connection in
      try connection.run(.once("CREATE TEMPORARY TABLE synced AS SELECT 1::int8 AS a"))
      let changed = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        try pipeline.send(.begin)
        try pipeline.send(select)
        let locked = try pipeline.syncInTransaction()
        #expect(locked.count == 2)
        try pipeline.send(update, [.int8(locked[1].integer(0, 0) + 1)])
        try pipeline.send(.commit)
        return try pipeline.sync().count
      }
      #expect(changed == 2 && !connection.isInTransaction)
      // Left in the middle: nothing is committed.
      let failed = try failure {
        try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
          try pipeline.send(.begin)
          try pipeline.send(update, [.int8(100)])
          try pipeline.send(.once("SELECT 1 / (a - a) FROM synced"))
          _ = try pipeline.syncInTransaction()
        }
      }
      #expect(failed.sqlstate == SQLState(rawValue: "22012") && failed.outcome == .nothingWritten)
      #expect(!connection.isInTransaction && !connection.isBroken)
      return try connection.run(select).integer(0, 0)
    }
    #expect(values == 2)
  }

  @Test func theFirstErrorUndoesTheWholeTransaction() async throws {
    let insert = Statement("INSERT INTO undone VALUES ($1)", .int8)
    let later = Statement("SELECT count(*) FROM undone")
    try await withConnection { connection in
      try connection.run(.once("CREATE TEMPORARY TABLE undone (a int8 CONSTRAINT once UNIQUE)"))
      let failed = try failure {
        try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
          for value in [1, 2, 1] as [Int64] { try pipeline.send(insert, [.int8(value)]) }
          try pipeline.send(later)
        }
      }
      #expect(failed.sqlstate == .uniqueViolation && failed.constraint == "once")
      #expect(failed.outcome == .nothingWritten && !failed.isConnectionLost)
      #expect(failed.action == insert.sql && failed.message.contains("Key (a)=(1)"))
      // This one was not prepared, since the server skipped it.
      #expect(try connection.run(later).integer(0, 0) == 0)
      try connection.run(insert, [.int8(1)])
      #expect(try connection.run(later).integer(0, 0) == 1)
    }
  }

  @Test func aStatementThatCanNotBePreparedFailsEachTime() async throws {
    let wrong = Statement("SELECT wrong")
    try await withConnection { connection in
      for _ in 0..<2 {
        let failed = try failure { try connection.run(wrong) }
        #expect(failed.sqlstate == SQLState(rawValue: "42703") && failed.error.code == .internal)
      }
      #expect(try connection.run(.once("SELECT 1")).integer(0, 0) == 1)
    }
  }

  /// A row's content does not belong in a log.
  @Test func aViolatedRuleDoesNotShowTheRow() async throws {
    let failed = try await withConnection { connection in
      try connection.run(.once("CREATE TEMPORARY TABLE checked (a text, b int NOT NULL)"))
      return try failure {
        try connection.run(.once("INSERT INTO checked VALUES ($1, NULL)", .text), [.text("secret")])
      }
    }
    #expect(failed.sqlstate == SQLState(rawValue: "23502") && !"\(failed)".contains("secret"))
  }

  @Test func aStatementIsPreparedOnce() async throws {
    let statement = Statement("SELECT $1 + 1", .int8)
    let names = try await withConnection { connection in
      try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        for value in 0..<3 as Range<Int64> { try pipeline.send(statement, [.int8(value)]) }
        #expect(try pipeline.sync().map { $0.integer(0, 0) } == [1, 2, 3])
      }
      return try connection.run(.once("SELECT count(*) FROM pg_prepared_statements")).integer(0, 0)
    }
    #expect(names == 1)
  }

  /// As after a commit whose wait for a standby was canceled. What it wrote is there.
  @Test func aWarningMakesTheOutcomeUnknown() async throws {
    let warn = Statement("DO $$ BEGIN RAISE WARNING 'canceling wait for synchronous replication'; END $$")
    try await withConnection { connection in
      try connection.run(.once("CREATE TEMPORARY TABLE warned (a int8)"))
      for hasBegin in [false, true] {
        let failed = try failure {
          try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
            if hasBegin { try pipeline.send(.begin) }
            try pipeline.send(.once("INSERT INTO warned VALUES (1)"))
            try pipeline.send(warn)
            if hasBegin { try pipeline.send(.commit) }
          }
        }
        #expect(failed.reason == .warning && failed.outcome == .unknown && !failed.isConnectionLost)
        #expect(failed.message == "canceling wait for synchronous replication")
      }
      #expect(try connection.run(.once("SELECT count(*) FROM warned")).integer(0, 0) == 2)
      try connection.run(.once("DO $$ BEGIN RAISE NOTICE 'no warning'; END $$"))
    }
    try await withConnection(for: .reading) { _ = try $0.run(warn) }
  }
}
