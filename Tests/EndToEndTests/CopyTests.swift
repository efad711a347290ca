import Evento
import EventoSQLite
import Foundation
import TestSupport
import Testing

/// `copy`, and the options that name a database.
@Suite(.timeLimit(.minutes(2))) struct CopyTests {
  private static let event = #"{"events":[{"aggregator_type":"t","aggregator_id":"a","name":"n","data":1.10}]}"#

  /// The steps of docs/operations.md: the gateway goes on while most is copied, and then the rest is.
  @Test func movesAStoreThatIsServed() async throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md"),
      encoding: .utf8)
    #expect(text.contains("evento-gateway copy --from evento.sqlite --to "))
    try await withTemporaryFolder { folder in
      let (source, target) = (folder + "/evento.sqlite", folder + "/new.sqlite")
      let gateway = try await GatewayProcess(["--port", "0", "--database", source])
      let client = try gateway.client
      for _ in 0..<2 { #expect(try await client.send("POST", "/events", Self.event).status == 201) }
      let worker = #"{"worker_id":"01JD000000000000000000000W"}"#
      #expect(try await client.send("PUT", "/subscribers/mailer", worker).status == 201)
      let arguments = ["copy", "--from", source, "--to", target]
      let first = try await GatewayProcess.run(arguments)
      #expect(first.status == 0 && first.errors.isEmpty)
      #expect(
        first.output == "Copied 2 events, 1 subscriber and 0 snapshots, from \(source) to \(target).\n",
        "\(first.errors)")

      let last = try await client.send("POST", "/events", Self.event).json["events"]?[0]
      let (cursor, id) = (try #require(last?["cursor"]?.string), try #require(last?["id"]?.string))
      let acknowledged = try await client.send("PUT", "/subscribers/mailer/cursor", "{\"cursor\":\"\(cursor)\"}")
      #expect(acknowledged.status == 200)
      let snapshot = "{\"cursor\":\"\(cursor)\",\"data\":1}"
      #expect(try await client.send("PUT", "/snapshots/t/1/a", snapshot).status == 204)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      let second = try await GatewayProcess.run(arguments)
      #expect(
        second.output
          == "Copied 3 events (2 of them in an earlier run), 1 subscriber and 1 snapshot, from \(source) to \(target).\n",
        "\(second.errors)")

      let copy = try await GatewayProcess(["--port", "0", "--database", target])
      #expect(copy.announcement.hasSuffix(", database \(target), 3 events"))
      let event = try await copy.client.send("GET", "/events/\(id)")
      #expect(event.text.contains("\"data\":1.10,"))
      // A consumer that keeps a cursor itself finds that of its last event.
      let moved = try #require(try event.json["cursor"]?.string)
      #expect(moved != cursor)
      #expect(try await copy.client.send("GET", "/subscribers/mailer").json["cursor"]?.string == moved)
      #expect(try await copy.client.send("GET", "/snapshots/t/1/a").json["cursor"]?.string == moved)
      #expect(try await copy.client.send("GET", "/events?after=\(moved)").json["edges"]?.array?.isEmpty == true)
      #expect(try await copy.client.send("GET", "/events?after=\(cursor)").status == 409)

      // The target has events of its own from now on.
      #expect(try await copy.client.send("POST", "/events", Self.event).status == 201)
      copy.send(SIGTERM)
      #expect(await copy.outcome().status == 0)
      let refused = try await GatewayProcess.run(arguments)
      #expect(refused.status == 1 && refused.output.isEmpty)
      #expect(refused.errors.hasPrefix("Error: \(target) has other events than \(source): its last one, "))
    }
  }

  /// Starts a copy, and returns once it has committed something.
  private func startCopy(_ arguments: [String], target: String) async throws -> CommandProcess {
    let copy = try CommandProcess(arguments)
    func size() -> Int {
      let attributes = try? FileManager.default.attributesOfItem(atPath: target + "-wal")
      return attributes?[.size] as? Int ?? 0
    }
    while size() < 20_000_000 { await Task.yield() }
    return copy
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM, SIGHUP])
  func continuesAfterASignal(_ signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      let (source, target) = (folder + "/e.sqlite", folder + "/new.sqlite")
      try await makeLargeStore(source)
      let arguments = ["copy", "--from", source, "--to", target]
      let copy = try await startCopy(arguments, target: target)
      copy.send(signal)
      let outcome = await copy.outcome()
      if signal == SIGKILL {
        #expect(outcome.isKilled)
      } else {
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors == "Cancelled. Run the command again to continue.\n" && outcome.output.isEmpty)
      }
      let second = try await GatewayProcess.run(arguments)
      #expect(second.status == 0, "\(second.errors)")
      let result = try #require(
        second.output.firstMatch(of: /^Copied 250 events \(([0-9]+) of them in an earlier run\), 0 subscribers/),
        "\(second.output)")
      #expect((1..<250).contains(Int(result.1) ?? 0))
    }
  }

  @Test(.needsPostgreSQL) func anErrorThatPassesSaysHowToContinue() async throws {
    try await withTemporaryFolder { folder in
      let source = folder + "/e.sqlite"
      let store = try await SQLiteExecutor.open(source)
      try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")])
      await store.close()
      try await PostgreSQLServer.shared.withDatabase { database in
        let relay = try Relay()
        defer { relay.stop() }
        relay.setTarget(database.server.port)
        #expect(try await GatewayProcess.run(["copy", "--from", source, "--to", database.url]).status == 0)
        let arguments = ["copy", "--from", database.url(port: relay.port), "--to", folder + "/new.sqlite"]
        // Those after the first one, on which the store is opened: one listens, and one reads.
        for connection in 2...3 { relay.plan(.stall, ofConnection: connection, after: 0, .toClient) }
        let copy = try CommandProcess(arguments)
        while relay.faults < 2 { try await Task.sleep(for: .milliseconds(5)) }
        relay.refuse()
        relay.cut()
        let outcome = await copy.outcome()
        #expect(outcome.status == 1 && outcome.output.isEmpty)
        #expect(outcome.errors.contains("Error: PostgreSQL can't be reached."), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix(" Run the command again to continue.\n"), "\(outcome.errors)")
        try relay.resume()
        #expect(try await GatewayProcess.run(arguments).status == 0)
      }
    }
  }

  /// A pipe has nothing of it.
  @Test func aTerminalSeesHowFarACopyIs() async throws {
    try await withTemporaryFolder { folder in
      try await makeLargeStore(folder + "/e.sqlite")
      let arguments = ["copy", "--from", folder + "/e.sqlite", "--to", folder + "/new.sqlite"]
      let outcome = await (try CommandProcess(arguments, errors: .terminal)).outcome()
      #expect(outcome.status == 0)
      let shares = outcome.errors.matches(of: /\rCopying [^:\r]+: ([0-9]+) %/)
      #expect(shares.count > 5 && shares.last?.output.1 == "100", "\(outcome.errors)")
      #expect(outcome.errors.hasSuffix("\r\u{1B}[K\n"), "the line is gone in the end")
    }
  }

  @Test func refusesWhatCannotBeCopied() async throws {
    try await withTemporaryFolder { folder in
      let (source, other) = (folder + "/e.sqlite", folder + "/other.sqlite")
      for path in [source, other] { await (try await SQLiteExecutor.open(path)).close() }
      try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: source)
      for (arguments, status, text) in [
        (["--from", source], 64, "--to must name a database: a SQLite file or a postgresql:// URL."),
        (["--to", source], 64, "--from must name a database"),
        (["--from", ":memory:", "--to", other], 64, "--from must"),
        (["--from", source, "--to", ":memory:"], 64, "--to must name a file"),
        (["--from", source, "--to", ""], 64, "--to must name a file, but is \"\"."),
        (["--from", source, "--to", other, "--to-schema", "s"], 64, "--to-schema needs a postgresql:// URL"),
        (
          ["--from", source, "--to", "mysql://u:secret@h/d"], 64,
          "--to must be the path of a file or a postgresql:// URL"
        ),
        (
          ["--from", folder + "/none", "--to", folder + "/new"], 1,
          "There is no database \(folder)/none. Check the path."
        ),
        (["--from", source, "--to", folder + "/link"], 1, "are the same store, or one is a backup of the other."),
        (["--from", source, "--to", folder], 1, "\(folder) is a folder"),
      ] {
        let outcome = try await GatewayProcess.run(["copy"] + arguments)
        #expect(outcome.status == status && outcome.output.isEmpty, "\(arguments)")
        #expect(outcome.errors.contains(text) && !outcome.errors.contains("secret"), "\(outcome.errors)")
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/none"))
      #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
    }
  }
}
