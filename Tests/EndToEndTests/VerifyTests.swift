import Evento
import Foundation
import TestSupport
import Testing

@testable import EventoSQLite

/// `verify`, as docs/operations.md has it, and what a gateway does with a damaged store.
@Suite(.timeLimit(.minutes(2))) struct VerifyTests {
  private static func fill(_ database: String, events: Int = 20) async throws {
    let store = try await SQLiteExecutor.open(database)
    try await store.write(
      (0..<events).map { number in
        NewEvent(aggregatorType: "t", aggregatorID: "a\(number % 3)", name: "n", data: Payload("{\"n\":\(number)}"))
      })
    await store.close()
  }

  private static func execute(_ statement: String, in database: String) throws {
    let connection = try Connection(path: database, busyTimeout: .zero)
    defer { connection.close() }
    try connection.execute(statement)
  }

  private static func digest(_ output: String) -> Substring? {
    output.firstMatch(of: #/SHA-256: ([0-9a-f]{64})\n/#)?.1
  }

  @Test func aStoreItsBackupAndItsGatewayHaveOneDigest() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      try await Self.fill(database)
      let file = try await GatewayProcess.run(["verify"], environment: ["EVENTO_DATABASE": database])
      #expect(file.status == 0, "\(file.errors)")
      #expect(file.output.hasPrefix("Events: 20\n") && file.output.hasSuffix("\(database) is sound.\n"))
      let digest = try #require(Self.digest(file.output))

      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let served = try await GatewayProcess.run(["verify", "--url", "http://127.0.0.1:\(try gateway.client.port)"])
      #expect(served.status == 0 && Self.digest(served.output) == digest, "\(served.output)\(served.errors)")
      let backup = try await GatewayProcess.run(["backup", folder + "/copy.sqlite", "--database", database])
      #expect(backup.status == 0)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)

      let copy = try await GatewayProcess.run(["verify", "--json", "--database", folder + "/copy.sqlite"])
      // Ten payloads of 7 bytes, ten of 8, and metadata of 2 bytes.
      let expected = #"{"sound":true,"events":20,"bytes":190,"finding_count":0,"sha256":"\#(digest)","findings":[]}"#
      #expect(copy.output == expected + "\n")
    }
  }

  @Test func aDamagedEventIsFoundAndNotServed() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      try await Self.fill(database)
      try Self.execute("UPDATE event SET data = x'7b' WHERE position = 5", in: database)
      let file = try await GatewayProcess.run(["verify", "--database", database])
      #expect(file.status == 1)
      #expect(file.output.hasPrefix("Damage: Event 5 does not have its checksum.\n"), "\(file.output)")
      let backup = try await GatewayProcess.run(["backup", folder + "/copy.sqlite", "--database", database])
      #expect(backup.status == 1 && backup.errors.contains("is damaged, so no copy was made"), "\(backup.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasPrefix("copy") })

      let gateway = try await GatewayProcess(["--port", "0", "--database", database])
      let client = try gateway.client
      let before = try await client.send("GET", "/events")
      #expect(before.status == 200)
      #expect(try before.json["page_info"]?["has_next_page"] == .bool(true))
      let end = try #require(try before.json["page_info"]?["end_cursor"]?.string)
      var after = ""
      for target in ["/events?after=\(end)", "/events/stream?after=\(end)"] {
        let damaged = try await client.send("GET", target)
        #expect(damaged.status == 500)
        #expect(try damaged.json["code"]?.string == "damaged")
        let detail = try #require(try damaged.json["detail"]?.string)
        #expect(detail.hasPrefix("Event 5 of the log is damaged."))
        after = String(try #require(detail.firstMatch(of: #/cursor ([A-Za-z0-9_-]+)\./#)).1)
      }
      let rest = try await client.send("GET", "/events?after=\(after)")
      #expect(try rest.json["edges"]?.array?.count == 15)
      let served = try await GatewayProcess.run(["verify", "--url", "http://127.0.0.1:\(client.port)"])
      #expect(served.status == 1 && served.output.contains("Damage: Event 5 of the log is damaged."))
      #expect(served.output.contains("Events: 19\n"))
      gateway.send(SIGTERM)
      _ = await gateway.outcome()
    }
  }

  @Test func errorsThatAreNotDamageHaveAnotherStatus() async throws {
    try await withTemporaryFolder { folder in
      let missing = try await GatewayProcess.run(["verify", "--database", folder + "/missing.sqlite"])
      #expect(missing.status == 69 && missing.errors.contains("There is no database"), "\(missing.errors)")
      let unreachable = try await GatewayProcess.run(["verify", "--url", "http://127.0.0.1:1"])
      #expect(unreachable.status == 69, "\(unreachable.errors)")
      for arguments in [
        ["--database", "a", "--url", "http://127.0.0.1:1"], ["--token", "t"], ["--database", ":memory:"],
      ] {
        #expect(try await GatewayProcess.run(["verify"] + arguments).status == 64)
      }
    }
  }
}
