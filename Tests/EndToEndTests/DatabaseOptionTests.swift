import Foundation
import TestSupport
import Testing

/// The options that name a database on a server.
@Suite(.timeLimit(.minutes(2))) struct DatabaseOptionTests {
  private static let url = "postgresql://evento:secret@db.example:5432/events?sslpassword=secret"

  /// Each is refused before anything is opened, as it was given, and without the password.
  @Test(
    arguments: [
      (["serve", "--database", url, "--database-mode", "600"], [:], "--database-mode applies only to a SQLite file"),
      (
        ["serve", "--database", url, "--memory-map-bytes", "1"], [:], "--memory-map-bytes applies only to a SQLite file"
      ),
      (
        ["serve"], ["EVENTO_DATABASE": url, "EVENTO_DATABASE_MODE": "600"],
        "EVENTO_DATABASE_MODE applies only to a SQLite file, but EVENTO_DATABASE names a PostgreSQL database."
      ),
      (
        ["serve"], ["EVENTO_DATABASE_URL_FILE": "/none", "EVENTO_MEMORY_MAP_BYTES": "1"],
        "EVENTO_MEMORY_MAP_BYTES applies only to a SQLite file, but EVENTO_DATABASE_URL_FILE names a PostgreSQL"
      ),
      (
        ["serve", "--database", "e.sqlite", "--database-url-file", "/none"], [:],
        "--database and --database-url-file are both given. Give one of them."
      ),
      (
        ["serve"], ["EVENTO_DATABASE": "e.sqlite", "EVENTO_DATABASE_URL_FILE": "/none"],
        "EVENTO_DATABASE and EVENTO_DATABASE_URL_FILE are both given."
      ),
      (["serve", "--database-schema", "s"], [:], "--database-schema needs a postgresql:// URL"),
      (
        ["serve", "--database", url, "--database-schema", String(repeating: "s", count: 64)], [:],
        "--database-schema must be 1 to 63 bytes, but has 64."
      ),
      (["serve", "--database", url, "--database-schema", ""], [:], "--database-schema must be 1 to 63 bytes"),
      (
        ["serve", "--database", "mysql://u:secret@h/d"], [:],
        "--database must be the path of a file or a postgresql:// URL, but begins with mysql://."
      ),
      (
        ["serve"], ["EVENTO_DATABASE": "POSTGRES://u:secret@h/d"],
        "EVENTO_DATABASE must be the path of a file or a postgresql:// URL, but begins with POSTGRES://."
      ),
      (
        ["serve", "--database-url-file", "/none"], [:],
        "The file \"/none\" (--database-url-file) can't be read: No such"
      ),
      (["serve"], ["EVENTO_DATABASE_URL_FILE": "/tmp"], "The file \"/tmp\" (EVENTO_DATABASE_URL_FILE) is a folder."),
      // A forgotten option.
      (["serve", url], [:], "Unexpected argument 'postgresql://evento@db.example:5432/events'"),
      (["backup", "x", "--database", url], [:], "--database names a PostgreSQL database, but this command needs a"),
      (
        ["backup", "x"], ["EVENTO_DATABASE": url], "EVENTO_DATABASE names a PostgreSQL database, but this command needs"
      ),
      (
        ["restore", "x"], ["EVENTO_DATABASE_URL_FILE": "/none"], "Use pg_basebackup or pg_dump: see docs/postgresql.md."
      ),
    ] as [([String], [String: String], String)])
  func refusesOptionsThatDoNotFit(
    _ arguments: [String], _ environment: [String: String], _ text: String
  ) async throws {
    let outcome = try await GatewayProcess.run(arguments, environment: environment)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(outcome.errors.contains(text), "\(outcome.errors)")
    #expect(!outcome.errors.contains("secret"), "\(outcome.errors)")
  }

  /// Of a URL whose password may end elsewhere, nothing is shown.
  @Test(
    arguments: [
      ("postgresql://u:secret@h1:1,h2:2/d?sslmode=verify-full", "postgresql://u@h1:1,h2:2/d'"),
      ("postgresql://u:a secret@h/d", "postgresql://u@h/d'"), ("postgresql://u:'secret@h/d", "postgresql://u@h/d'"),
      ("postgresql:///d?host=/run/pg&password=secret", "postgresql:///d'"),
      ("postgres://h/d?user=a@b&password=secret", "postgres://h/d'"),
      ("postgres://u:a?secret@h/d", "postgres://u@h/d'"),
      ("postgres://u:a/secret@h/d", "a PostgreSQL database'"),
      ("postgres://u:a@secret@h/d", "a PostgreSQL database'"),
      ("postgres://h?password=a@secret", "a PostgreSQL database'"),
    ])
  func showsNoPassword(_ url: String, _ shown: String) async throws {
    for arguments in [[url], ["--token-file=x", "--", url]] {
      let outcome = try await GatewayProcess.run(["serve"] + arguments)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("'\(shown)") && !outcome.errors.contains("secret"), "\(outcome.errors)")
    }
  }

  @Test(arguments: ["", "\n", "evento.sqlite\n", "postgresql://u:secret@h/d\nmore\n", "secret"])
  func refusesAFileWithoutAURL(_ text: String) async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/url"
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let outcome = try await GatewayProcess.run(["serve", "--port", "0", "--database-url-file", file])
      #expect(outcome.status == 64)
      #expect(
        outcome.errors.hasPrefix(
          "Error: The file \"\(file)\" (--database-url-file) must have one line, a postgresql://"),
        "\(outcome.errors)")
      #expect(!outcome.errors.contains("secret"))
    }
  }

  @Test(.needsPostgreSQL) func createsNoStoreThatMustExistOnAServer() async throws {
    try await PostgreSQLServer.shared.withDatabase { database in
      let arguments = ["--port", "0", "--database", database.url, "--database-schema", "s"]
      let refused = try await GatewayProcess.run(["serve", "--database-must-exist"] + arguments)
      #expect(refused.status == 1)
      #expect(
        refused.errors
          == "Error: The schema \"s\" of the PostgreSQL database has no event store. Check the URL and the schema, or "
          + "create the store first.\n")
      #expect(try await database.psql("SELECT count(*) FROM pg_namespace WHERE nspname = 's'") == "0")
      for (option, word) in [([], "new database"), (["--database-must-exist"], "database")] {
        let gateway = try await GatewayProcess(option + arguments)
        #expect(gateway.announcement.contains(", \(word) postgresql://"), "\(gateway.announcement)")
        gateway.send(SIGTERM)
        #expect(await gateway.outcome().status == 0)
      }
    }
  }

  /// An option overrides the variable of the other one, as that of an image.
  @Test func theCommandLineOverridesBothVariables() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite"], environment: ["EVENTO_DATABASE_URL_FILE": "/none"])
      #expect(gateway.announcement.contains(folder + "/e.sqlite"))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database-url-file", "/none"], environment: ["EVENTO_DATABASE": folder + "/e.sqlite"]
      )
      #expect(outcome.errors.contains("\"/none\""), "\(outcome.errors)")
    }
  }

  /// Whoever may see the processes of a machine sees their arguments.
  @Test(
    arguments: [
      ("postgresql://u:secret@h/d", true), ("postgres://h/d?password=secret", true), ("postgres://u:se@cret@h", true),
      ("postgresql://u@h/d", false), ("postgresql://h:5432/d", false), ("postgres://", false),
    ])
  func warnsOfAPasswordAmongTheArguments(_ url: String, _ warns: Bool) async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/url"
      try "\(url)\n".write(toFile: file, atomically: true, encoding: .utf8)
      func errors(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> String {
        let outcome = try await GatewayProcess.run(arguments, environment: environment)
        #expect(outcome.status != 0 && outcome.output.isEmpty)
        #expect(!outcome.errors.contains("secret") && !outcome.errors.contains("cret@"), "\(outcome.errors)")
        return outcome.errors
      }
      let warning = "Other users of this machine can see the password in --"
      for arguments in [["--database", url], ["--database=\(url)"]] {
        #expect(try await errors(["serve", "--port", "0"] + arguments).contains(warning + "database.") == warns)
      }
      let source = folder + "/e.sqlite"
      #expect(try await errors(["copy", "--from", url, "--to", source]).contains("Warning: \(warning)from.") == warns)
      #expect(try await !errors(["serve", "--port", "0"], ["EVENTO_DATABASE": url]).contains(warning))
      #expect(try await !errors(["serve", "--port", "0", "--database-url-file", file]).contains(warning))
    }
  }
}
