import Evento
import EventoSQLite
import Foundation
import TestSupport
import Testing

/// `backup` and `restore`, beside gateways that serve.
@Suite(.timeLimit(.minutes(2))) struct BackupTests {
  @Test func copiesAStoreThatIsWrittenToAllTheTime() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"])
      let client = try gateway.client
      // Large enough for many commits to fall into the time that it takes.
      let data = String(repeating: "x", count: 500)
      let event = #"{"aggregator_type":"t","aggregator_id":"i","name":"n","data":"\#(data)"}"#
      let many = "{\"events\":[" + repeatElement(event, count: 1000).joined(separator: ",") + "]}"
      for _ in 0..<20 { #expect(try await client.send("POST", "/events", many).status == 201) }

      let confirmed = Confirmed()
      let writers = (0..<4).map { number in
        Task { while await !confirmed.isOver { await confirmed.add(try await Self.write("w\(number)", to: client)) } }
      }
      let before = await confirmed.first(50)
      let outcome = try await GatewayProcess.run(
        ["backup", folder + "/copy.sqlite"], environment: ["EVENTO_DATABASE": folder + "/e.sqlite"])
      await confirmed.finish()
      for writer in writers { try await writer.value }
      #expect(outcome.status == 0, "\(outcome.errors)")
      let copied = try #require(outcome.output.firstMatch(of: #/^Copied ([0-9]+) events, ([0-9]+) bytes, from /#))
      let count = try #require(Int(copied.1))
      let all = await confirmed.cursors.count
      #expect(count >= 20_000 + before.count && count <= 20_000 + all)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)

      let copy = try await GatewayProcess(["--port", "0", "--database", folder + "/copy.sqlite"])
      #expect(copy.announcement.hasSuffix(", \(count) events"))
      // The position of a cursor must exist: those confirmed before are valid, and the last one is the end of the log.
      for cursor in before {
        #expect(try await copy.client.send("GET", "/events?first=1&after=\(cursor)").status == 200)
      }
      copy.send(SIGTERM)
      #expect(await copy.outcome().status == 0)
      let other = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("partial") }
      #expect(other == [])
    }
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func aSignalLeavesNothingOfABackup(_ signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      try await makeLargeStore(folder + "/e.sqlite")
      let backup = try CommandProcess(["backup", folder + "/copy", "--database", folder + "/e.sqlite"])
      // Once it has begun.
      func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }
      while try !names().contains(where: { $0.hasPrefix("copy.partial-") }) {
        try #require(try !names().contains("copy"), "it was too quick")
      }
      backup.send(signal)
      let outcome = await backup.outcome()
      #expect(!outcome.isKilled && outcome.status == 128 + signal)
      #expect(outcome.errors == "Cancelled. \(folder)/copy was not created.\n" && outcome.output.isEmpty)
      #expect(try names() == ["e.sqlite"])
    }
  }

  /// A pipe has nothing of it.
  @Test func aTerminalSeesHowFarACopyIs() async throws {
    try await withTemporaryFolder { folder in
      try await makeLargeStore(folder + "/e.sqlite")
      for (arguments, text) in [
        (["backup", folder + "/copy"], "Copying"), (["restore", folder + "/copy", "--replace"], "Restoring"),
      ] {
        let command = try CommandProcess(
          arguments, environment: ["EVENTO_DATABASE": folder + "/e.sqlite"], errors: .terminal)
        let outcome = await command.outcome()
        #expect(outcome.status == 0)
        let shares = outcome.errors.matches(of: /\r(\w+) [^:\r]+: ([0-9]+) %/)
        #expect(shares.count > 1 && shares.allSatisfy { $0.output.1 == text }, "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("\r\u{1B}[K\n"), "the line is gone in the end")
      }
      let quiet = try await GatewayProcess.run(["backup", folder + "/second", "--database", folder + "/e.sqlite"])
      #expect(quiet.status == 0 && quiet.errors.isEmpty)
    }
  }

  @Test func anErrorSteersNoTerminal() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(
        ["backup", folder + "/copy", "--database", folder + "/\u{1B}[2J\u{202E}.sqlite"])
      #expect(outcome.status == 1 && outcome.errors.contains(#"/\u{1B}[2J\u{202E}.sqlite"#))
      #expect(outcome.errors.isHarmless)
    }
  }

  /// The steps of docs/operations.md.
  @Test func restoresAsTheDocumentSays() async throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md"),
      encoding: .utf8)
    #expect(text.contains("evento-gateway restore backup.sqlite --database evento.sqlite --replace\n"))
    try await withTemporaryFolder { folder in
      let (database, backup) = (folder + "/evento.sqlite", folder + "/backup.sqlite")
      let (kept, lost) = try await Self.killedAfterABackup(database, backup)
      #expect(FileManager.default.fileExists(atPath: database + "-wal"))
      let refused = try await GatewayProcess.run(["restore", backup, "--database", database])
      #expect(refused.status == 1 && refused.errors.contains("--replace"))
      let restored = try await GatewayProcess.run(["restore", backup, "--database", database, "--replace"])
      #expect(restored.status == 0 && restored.output.hasPrefix("Restored 2 events, "), "\(restored.errors)")
      try await Self.expectRestored(database, kept, lost)
    }
  }

  @Test func restoresByHandAsTheDocumentSays() async throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md"),
      encoding: .utf8)
    let steps = try #require(text.firstMatch(of: /```sh\n(mkdir lost[^`]*)```/)).output.1
    try await withTemporaryFolder { folder in
      let (database, backup) = (folder + "/evento.sqlite", folder + "/backup.sqlite")
      let (kept, lost) = try await Self.killedAfterABackup(database, backup)
      let shell = Process()
      shell.executableURL = URL(filePath: "/bin/sh")
      shell.arguments = ["-ec", String(steps)]
      shell.currentDirectoryURL = URL(filePath: folder)
      try shell.run()
      shell.waitUntilExit()
      #expect(shell.terminationStatus == 0)
      try await Self.expectRestored(database, kept, lost)
    }
  }

  /// A store with two events in its backup and one more since, whose gateway was killed; `restore` while it served was
  /// refused.
  private static func killedAfterABackup(
    _ database: String, _ backup: String
  ) async throws -> (kept: String, lost: String) {
    let gateway = try await GatewayProcess(["--port", "0", "--database", database])
    _ = try await write("a", to: gateway.client)
    let kept = try await write("a", to: gateway.client)
    #expect(try await GatewayProcess.run(["backup", backup, "--database", database]).status == 0)
    let lost = try await write("a", to: gateway.client)
    let refused = try await GatewayProcess.run(["restore", backup, "--database", database, "--replace"])
    #expect(refused.status == 1 && refused.errors.contains("open in another process"))
    gateway.send(SIGKILL)
    #expect(await gateway.outcome().isKilled)
    return (kept, lost)
  }

  private static func expectRestored(_ database: String, _ kept: String, _ lost: String) async throws {
    let gateway = try await GatewayProcess(["--port", "0", "--database", database])
    #expect(gateway.announcement.hasSuffix(", 2 events"))
    let client = try gateway.client
    #expect(try await client.send("GET", "/events?after=\(kept)").json["edges"]?.array?.isEmpty == true)
    let refused = try await client.send("GET", "/events?after=\(lost)")
    #expect(try refused.status == 409 && refused.json["code"] == "cursor_not_in_history")
    _ = try await write("a", to: client)
    gateway.send(SIGTERM)
    #expect(await gateway.outcome().status == 0)
  }

  /// Writes an event, and returns its cursor.
  private static func write(_ aggregate: String, to client: HTTPClient) async throws -> String {
    let body = #"{"events":[{"aggregator_type":"t","aggregator_id":"\#(aggregate)","name":"n"}]}"#
    let response = try await client.send("POST", "/events", body)
    return try #require(try response.json["events"]?[0]?["cursor"]?.string, "\(response.text)")
  }
}

/// The cursors of confirmed writes, while writers continue.
private actor Confirmed {
  private(set) var cursors: [String] = []
  private(set) var isOver = false
  private var waiting: (count: Int, continuation: CheckedContinuation<Void, Never>)?

  func add(_ cursor: String) {
    cursors.append(cursor)
    guard let waiting, cursors.count >= waiting.count else { return }
    self.waiting = nil
    waiting.continuation.resume()
  }

  /// All that there are once there are so many.
  func first(_ count: Int) async -> [String] {
    if cursors.count < count { await withCheckedContinuation { waiting = (count, $0) } }
    return cursors
  }

  func finish() {
    isOver = true
  }
}
