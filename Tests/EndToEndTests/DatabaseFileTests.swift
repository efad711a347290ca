import Foundation
import TestSupport
import Testing

/// The database file that a gateway creates.
@Suite struct DatabaseFileTests {
  @Test func createsNoDatabaseThatMustExist() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let setting = ["EVENTO_DATABASE_MUST_EXIST": "true", "EVENTO_DATABASE": database]
      let refused = try await GatewayProcess.run(["serve", "--port", "0"], environment: setting)
      #expect(refused.status == 1)
      #expect(
        refused.errors
          == "Error: There is no database \(database), and EVENTO_DATABASE_MUST_EXIST forbids creating one. Check that the "
          + "volume is mounted.\n")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
      let first = try await GatewayProcess(["--port", "0", "--database", database])
      #expect(first.announcement.contains(", new database \(database), 0 events"))
      first.send(SIGTERM)
      _ = await first.outcome()
      let second = try await GatewayProcess(["--port", "0"], environment: setting)
      #expect(second.announcement.contains(", database \(database), 0 events"))
      second.send(SIGTERM)
      #expect(await second.outcome().status == 0)
      let memory = try await GatewayProcess.run(["serve", "--database", ":memory:", "--database-must-exist"])
      #expect(memory.status == 64)
    }
  }

  @Test(
    arguments: [
      (nil, "000", 0o640), (nil, "022", 0o640), (nil, "077", 0o600), ("600", "000", 0o600), ("664", "002", 0o664),
      ("666", "027", 0o640),
    ] as [(String?, String, Int)])
  func setsWhoMayReadADatabaseThatItCreates(_ mode: String?, _ umask: String, _ expected: Int) async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite"],
        environment: mode.map { ["EVENTO_DATABASE_MODE": $0] } ?? [:], shell: "umask \(umask); exec")
      let event = #"{"events":[{"aggregator_type":"t","aggregator_id":"i","name":"n"}]}"#
      #expect(try await gateway.client.send("POST", "/events", event).status == 201)
      for suffix in ["", "-wal", "-shm"] {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder + "/e.sqlite" + suffix)
        #expect(attributes[.posixPermissions] as? Int == expected, "\(suffix)")
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }
}
