import Foundation
import TestSupport
import Testing

/// Options, environment and tokens of the command.
@Suite struct SettingsTests {
  @Test func takesTheEnvironmentAndTheCommandLineFirst() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--max-payload-bytes", "20"],
        environment: [
          "EVENTO_PORT": "0", "EVENTO_DATABASE": folder + "/e.sqlite", "EVENTO_MAX_PAYLOAD_BYTES": "10",
          "EVENTO_MAX_METADATA_BYTES": "30", "EVENTO_BASE_PATH": "/evento", "EVENTO_TOKENFILE": "typo",
        ])
      #expect(gateway.announcement.contains(folder + "/e.sqlite"))
      try await gateway.waitForLog("EVENTO_TOKENFILE")
      let client = try gateway.client
      func write(_ member: String) async throws -> HTTPAnswer {
        try await client.send(
          "POST", "/evento/events",
          "{\"events\":[{\"aggregator_type\":\"t\",\"aggregator_id\":\"i\",\"name\":\"n\",\(member)}]}")
      }
      #expect(try await write("\"data\":\"123456789012345678\"").status == 201)
      #expect(try await write("\"data\":\"1234567890123456789\"").text.contains("20"))
      #expect(try await write("\"metadata\":{\"k\":\"1234567890123456789012345\"}").text.contains("30"))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func tellsItsLimitsWhenItStarts() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--max-payload-bytes", "20", "--idle-timeout", "7",
      ])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains("--max-payload-bytes 20, ") && log.contains("--max-connections 16384, "))
      #expect(log.contains("--idle-timeout 7, ") && log.contains("--shutdown-grace 10"))
    }
  }

  @Test(arguments: [
    ["serve", "--port", "65536"], ["serve", "--max-body-bytes", "0"], ["serve", "--base-path", "evento"],
    ["serve", "--base-path", "/evento/"], ["serve", "--log-level", "loud"], ["serve", "--prot", "1"],
    ["serve", "extra"], ["serve", "--database", ""], ["serve", "--allowed-host", "store.example:8080"],
    ["serve", "--allowed-host", "https://store.example"],
    ["serve", "--shutdown-grace", "-1"], ["token", "create"], ["token", "create", "--role", "root"],
    ["token", "create", "--role", "read", "--name", "a b"], ["sevre"],
  ])
  func refusesOtherArguments(_ arguments: [String]) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(arguments, environment: ["EVENTO_DATABASE": folder + "/e.sqlite"])
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("Error:"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/e.sqlite"))
    }
  }

  @Test func refusesAFlagsVariableThatIsNeitherYesNorNo() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database", folder + "/e.sqlite"],
        environment: ["EVENTO_ALLOW_ANONYMOUS": "maybe"])
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("--allow-anonymous") && outcome.errors.contains("maybe"))
    }
  }

  @Test func servesAnyoneOnlyWhenToldTo() async throws {
    try await withTemporaryFolder { folder in
      let database = ["--port", "0", "--database", folder + "/e.sqlite"]
      for host in ["0.0.0.0", "::", "192.0.2.1", "example.org"] {
        let outcome = try await GatewayProcess.run(["serve", "--host", host] + database)
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("--allow-anonymous") && outcome.errors.contains("--token-file"))
      }
      let gateway = try await GatewayProcess(
        ["--host", "0.0.0.0"] + database, environment: ["EVENTO_ALLOW_ANONYMOUS": "true"])
      #expect(gateway.announcement.contains("0.0.0.0"))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func takesTheTokensThatItMakesAndReadsThemAgain() async throws {
    try await withTemporaryFolder { folder in
      func create(_ role: String) async throws -> (token: String, line: String) {
        let outcome = try await GatewayProcess.run(["token", "create", "--role", role, "--name", role])
        #expect(outcome.status == 0)
        let token = try #require(outcome.output.firstMatch(of: /token: (\S+)\n/))
        let line = try #require(outcome.output.firstMatch(of: /file: (.+)\n/))
        return (String(token.1), String(line.1))
      }
      let (reader, admin) = (try await create("read"), try await create("admin"))
      let file = folder + "/tokens"
      try "# who may\n\(reader.line)\n".write(toFile: file, atomically: true, encoding: .utf8)
      let gateway = try await GatewayProcess(
        ["--host", "127.0.0.1", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", file])
      let client = try gateway.client
      func status(_ token: String) async throws -> Int {
        try await client.send("GET", "/events", fields: [("Authorization", "Bearer \(token)")]).status
      }
      #expect(try await client.send("GET", "/events").status == 401)
      #expect(try await status(reader.token) == 200)
      #expect(try await status(admin.token) == 401)

      try "\(reader.line) more\n".write(toFile: file, atomically: true, encoding: .utf8)
      gateway.send(SIGHUP)
      try await gateway.waitForLog("line 1")
      #expect(try await status(reader.token) == 200, "a bad file changes nothing")

      try "\(admin.line)\n".write(toFile: file, atomically: true, encoding: .utf8)
      gateway.send(SIGHUP)
      try await gateway.waitForLog("read again")
      #expect(try await status(admin.token) == 200)
      #expect(try await status(reader.token) == 401)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func refusesABadTokenFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/tokens"
      try "# fine\nname root sha256:00\n".write(toFile: file, atomically: true, encoding: .utf8)
      for (path, hint) in [(file, "line 2"), (folder + "/none", "none")] {
        let outcome = try await GatewayProcess.run(
          ["serve", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", path])
        #expect(outcome.status != 0 && !outcome.isKilled)
        #expect(outcome.errors.contains(hint) && outcome.errors.contains(path))
      }
    }
  }

  @Test func tellsItsVersionAndItsLimits() async throws {
    let version = try await GatewayProcess.run(["version"])
    #expect(version.status == 0)
    #expect(version.output.firstMatch(of: /^evento-gateway [0-9]+\.[0-9]+\.[0-9]+\n$/) != nil)
    let help = try await GatewayProcess.run(["serve", "--help"])
    for option in ["--max-body-bytes", "--max-payload-bytes", "--max-requests-in-flight", "--token-file", "EVENTO_"] {
      #expect(help.output.contains(option))
    }
    #expect(help.output.contains("default: 16777216"))
  }
}
