import Foundation
import TestSupport
import Testing

@Suite(.needsPostgreSQL, .timeLimit(.minutes(2))) struct PostgreSQLServerTests {
  @Test func eachTestHasADatabaseOfItsOwn() async throws {
    let server = try await PostgreSQLServer.shared
    let name = try await server.withDatabase { database in
      try await database.psql("CREATE TABLE t (n text)")
      try await server.withDatabase { other in
        let isMissing = try await other.psql("SELECT to_regclass('t') IS NULL")
        #expect(isMissing == "t")
      }
      return database.name
    }
    #expect(try await server.psql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'") == "0")
  }

  /// A test must notice a missing `COLLATE "C"`.
  @Test func textIsNotSortedByBytes() async throws {
    try await PostgreSQLServer.shared.withDatabase { database in
      let isBefore = try await database.psql("SELECT 'a' < 'B', 'a' < 'B' COLLATE \"C\"")
      #expect(isBefore == "t|f")
    }
  }

  @Test func anErrorSaysWhatPostgreSQLSays() async throws {
    let server = try await PostgreSQLServer.shared
    let error = await #expect(throws: RawConnection.Failure.self) { try await server.psql("SELECT 1/0") }
    #expect(error?.description.contains("division by zero") == true)
  }

  @Test func aServerComesBackAfterAKillWithWhatWasCommitted() async throws {
    let server = try await PostgreSQLServer.start(settings: ["max_connections": "7"])
    #expect(try await server.psql("SHOW max_connections") == "7")
    try await server.psql("CREATE TABLE t (n int); INSERT INTO t VALUES (3)")
    try await server.kill()
    await #expect(throws: RawConnection.Failure.self) { try await server.psql("SELECT 1") }
    try await server.startAgain()
    #expect(try await server.psql("SELECT n FROM t") == "3")
    try await server.stop()
    #expect(!FileManager.default.fileExists(atPath: server.folder.path()))
  }

  @Test func aServerCanRequireAPasswordAndTLS() async throws {
    let server = try await PostgreSQLServer.start(password: "secret", requiresTLS: true)
    #expect(FileManager.default.fileExists(atPath: server.folder.path() + "/ca.pem"))
    let rules = try await server.psql("SELECT type, user_name, auth_method FROM pg_hba_file_rules ORDER BY 1")
    #expect(rules == "host|{postgres}|trust\nhostssl|{all}|scram-sha-256\nlocal|{postgres}|trust")
    #expect(try await server.psql("SHOW ssl") == "on")
    try await server.stop()
  }
}
