import Evento
import EventoSQLite
import Foundation
import TestSupport
import Testing

/// `export` and `import`, with real files, pipes and gateways.
@Suite(.timeLimit(.minutes(2))) struct ExportTests {
  /// Payloads that an encoder could change.
  private static let payloads: [[UInt8]] = [
    [], Array(UInt8.min...UInt8.max), Array("{ \"a\" : 1 ,\"a\":1.10 }".utf8), Array("{\n}".utf8),
    Array("\"\u{2028}\\ud800\"".utf8), [UInt8](repeating: 255, count: 1 << 20),
    Array("\"\(String(repeating: "x", count: 1 << 20))\"".utf8), Array("1E2".utf8),
  ]

  /// Makes a store with subscribers, a snapshot and an erased aggregate.
  private static func makeStore(_ path: String, erased: Bool = true) async throws {
    let store = try await SQLiteExecutor.open(path)
    for (index, payload) in payloads.enumerated() {
      let written = try await store.write([
        NewEvent(
          aggregatorType: index % 2 == 0 ? "bank/Account" : "shop/Order", aggregatorID: "\(index % 3)", name: "N",
          routingKey: .value(index % 3 == 0 ? "k" : nil), data: Payload(payload),
          metadata: try Metadata(json: "{\"n\":\n[\(index)]}"))
      ])
      if index == 4 {
        try await store.upsertSubscriber("mailer", workerID: ULID())
        try await store.acknowledge("mailer", cursor: written.events[0].cursor, lag: 3)
        try await store.saveSnapshot(
          SnapshotKey(type: "t", revision: "1", id: "i"),
          Snapshot(data: Payload("{ }"), cursor: written.events[0].cursor))
      }
    }
    if erased { try await store.eraseAggregate(type: "shop/Order", id: "1") }
    await store.close()
  }

  private static func events(_ path: String) async throws -> [Edge<Event>] {
    let store = try await SQLiteExecutor.open(path)
    var edges: [Edge<Event>] = []
    while true {
      let after = edges.last.map { Args.Start.after($0.cursor) } ?? .beginning
      let page = try await store.read(args: .forward(first: 1000, after: after))
      edges += page.edges
      if !page.pageInfo.hasNextPage { break }
    }
    await store.close()
    return edges
  }

  private static func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  // MARK: Files

  @Test func exportsAndImportsADatabase() async throws {
    try await withTemporaryFolder { folder in
      let (source, file, target) = (folder + "/e.sqlite", folder + "/e.ndjson", folder + "/new.sqlite")
      try await Self.makeStore(source)
      let exported = try await GatewayProcess.run(["export", "--database", source, "--output", file, "--all"])
      #expect(
        exported.output == "Exported 8 events, 1 subscriber and 1 snapshot, to \(file).\n", "\(exported.errors)")
      #expect(exported.status == 0 && exported.errors.isEmpty)
      #expect(try Self.permissions(file) == 0o600)
      let arguments = ["import", file, "--database", target, "--all"]
      let first = try await GatewayProcess.run(arguments)
      #expect(
        first.output == "Imported 8 events, 1 subscriber and 1 snapshot, from \(file) into \(target).\n",
        "\(first.errors)")
      let (originals, copies) = (try await Self.events(source), try await Self.events(target))
      #expect(copies.map(\.node) == originals.map(\.node))
      #expect(copies.contains { $0.node.isErased })
      let store = try await SQLiteExecutor.open(target)
      #expect(try await store.subscriber("mailer")?.cursor == copies[4].cursor)
      let snapshot = try await store.getSnapshot(SnapshotKey(type: "t", revision: "1", id: "i"))
      #expect(snapshot == Snapshot(data: Payload("{ }"), cursor: copies[4].cursor))
      await store.close()
      let second = try await GatewayProcess.run(arguments)
      #expect(second.status == 0 && second.output.contains("8 events (8 of them were there already)"))
      #expect(try await Self.events(target).count == 8)

      // Nothing is replaced, and nothing is left of what was not written.
      let existing = try await GatewayProcess.run(["export", "--database", source, "--output", file])
      #expect(existing.status == 1 && existing.errors.contains("already exists"))
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["e.ndjson", "e.sqlite", "new.sqlite"])
    }
  }

  @Test func standardStreams() async throws {
    try await withTemporaryFolder { folder in
      let (source, file, target) = (folder + "/e.sqlite", folder + "/e.ndjson", folder + "/new.sqlite")
      try await Self.makeStore(source)
      let exported = await (try CommandProcess(["export", "--database", source], redirections: "> '\(file)'")).outcome()
      #expect(exported.status == 0 && exported.errors.isEmpty)
      let imported = await
        (try CommandProcess(
          ["import", "-", "--database", target], shell: "cat '\(file)' |")).outcome()
      #expect(imported.output == "Imported 8 events, from standard input into \(target).\n", "\(imported.errors)")
      #expect(try await Self.events(target).map(\.node) == Self.events(source).map(\.node))
    }
  }

  /// A reader that has gone is an error, since its file is incomplete.
  @Test func aClosedPipeIsAnError() async throws {
    try await withTemporaryFolder { folder in
      try await Self.makeStore(folder + "/e.sqlite")
      let outcome = await (try CommandProcess(["export", "--database", folder + "/e.sqlite"], isRead: false)).outcome()
      #expect(outcome.status == 1 && !outcome.isKilled)
      #expect(outcome.errors == "Error: Can't write to standard output: its reader has closed it.\n")
    }
  }

  @Test func aFullDiskLeavesNothing() async throws {
    try await withTemporaryFolder { folder in
      try await Self.makeStore(folder + "/e.sqlite")
      let outcome = await
        (try CommandProcess(
          ["export", "--database", folder + "/e.sqlite"], redirections: "> /dev/full")).outcome()
      #expect(outcome.status == 1 && outcome.errors.contains("No space left on device"), "\(outcome.errors)")
      let missing = try await GatewayProcess.run(
        ["export", "--database", folder + "/e.sqlite", "--output", folder + "/none/e.ndjson"])
      #expect(missing.status == 1 && missing.errors == "Error: There is no folder \(folder)/none. Create it first.\n")
    }
  }

  // MARK: Gateways

  @Test func exportsAndImportsThroughGateways() async throws {
    try await withTemporaryFolder { folder in
      let (source, file, target) = (folder + "/e.sqlite", folder + "/e.ndjson", folder + "/new.sqlite")
      try await Self.makeStore(source, erased: false)
      func token(_ role: String) async throws -> String {
        let created = try await GatewayProcess.run(
          ["token", "create", "--role", role, "--name", role, "--append", folder + "/tokens"])
        return created.output.trimmingCharacters(in: .newlines)
      }
      let (reader, admin) = (try await token("read"), try await token("admin"))
      let from = try await GatewayProcess([
        "--port", "0", "--database", source, "--token-file", folder + "/tokens",
      ])
      let to = try await GatewayProcess(["--port", "0", "--database", target, "--token-file", folder + "/tokens"])
      let (fromURL, toURL) = ("http://127.0.0.1:\(try from.client.port)", "http://127.0.0.1:\(try to.client.port)")
      let none = try await GatewayProcess.run(["export", "--url", fromURL])
      #expect(none.status == 1 && none.output.isEmpty)
      #expect(none.errors == "Error: The gateway requires a token. Pass one with --token or EVENTO_TOKEN.\n")
      let exported = try await GatewayProcess.run(
        ["export", "--output", file], environment: ["EVENTO_URL": fromURL, "EVENTO_TOKEN": reader])
      #expect(exported.output == "Exported 8 events, to \(file).\n", "\(exported.errors)")
      let weak = try await GatewayProcess.run(["import", file, "--url", toURL, "--token", reader])
      #expect(weak.status == 1 && weak.errors.contains("requires write"), "\(weak.errors)")
      let arguments = ["import", file, "--url", toURL, "--token", admin]
      let imported = try await GatewayProcess.run(arguments)
      #expect(imported.output == "Imported 8 events, from \(file) into \(toURL).\n", "\(imported.errors)")
      let again = try await GatewayProcess.run(arguments)
      #expect(again.output.contains("8 events (8 of them were there already)"), "\(again.errors)")

      // The gateway's export is the same as that of its database, apart from the time.
      let other = try await GatewayProcess.run(["export", "--database", source, "--output", folder + "/db.ndjson"])
      #expect(other.status == 0)
      func events(_ file: String) throws -> [Substring] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
          .filter { $0.hasPrefix("{\"type\":\"event\"") }
      }
      #expect(try events(file) == events(folder + "/db.ndjson"))

      // Subscribers and snapshots of an export of a database go through a gateway too.
      let all = folder + "/all.ndjson"
      _ = try await GatewayProcess.run(["export", "--database", source, "--output", all, "--all"])
      let rows = try await GatewayProcess.run(["import", all, "--url", toURL, "--token", admin, "--all"])
      #expect(rows.output.contains("1 subscriber and 1 snapshot"), "\(rows.errors)")
      var client = try to.client
      client.fields = [("Authorization", "Bearer \(admin)")]
      let cursor = try await client.send("GET", "/subscribers/mailer").json["cursor"]?.string
      let snapshot = try await client.send("GET", "/snapshots/t/1/i").json["cursor"]?.string
      #expect(cursor != nil && snapshot == cursor)
      for gateway in [from, to] {
        gateway.send(SIGTERM)
        #expect(await gateway.outcome().status == 0)
      }
      #expect(try await Self.events(target).map(\.node) == Self.events(source).map(\.node))
    }
  }

  /// What HTTP can't carry is said before anything of it is written.
  @Test func anErasedEventNeedsTheDatabase() async throws {
    try await withTemporaryFolder { folder in
      try await Self.makeStore(folder + "/e.sqlite")
      _ = try await GatewayProcess.run(["export", "--database", folder + "/e.sqlite", "--output", folder + "/f"])
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/new.sqlite"])
      let url = "http://127.0.0.1:\(try gateway.client.port)"
      let outcome = try await GatewayProcess.run(["import", folder + "/f", "--url", url])
      #expect(outcome.status == 1)
      #expect(
        outcome.errors.contains(
          "the event is erased, and a gateway can't be sent erased events. Import with --database."),
        "\(outcome.errors)")
    }
  }

  @Test func filters() async throws {
    try await withTemporaryFolder { folder in
      let source = folder + "/e.sqlite"
      try await Self.makeStore(source, erased: false)
      let all = try await Self.events(source).map(\.node)
      for (arguments, selects) in [
        (["--aggregator-type", "bank/Account"], { $0.aggregatorType == "bank/Account" }),
        (
          ["--aggregator-type", "bank/Account", "--aggregator-id", "0"],
          { $0.aggregatorType == "bank/Account" && $0.aggregatorID == "0" }
        ),
        (["--aggregator-type", "shop/Order", "--name", "N"], { $0.aggregatorType == "shop/Order" }),
        (["--routing-key", "k"], { $0.routingKey == "k" }), (["--routing-key", ""], { $0.routingKey == nil }),
        (["--aggregator-type", "none"], { _ in false }),
      ] as [([String], (Event) -> Bool)] {
        let (file, target) = ("\(folder)/\(UUID())", "\(folder)/\(UUID()).sqlite")
        let exported = try await GatewayProcess.run(["export", "--database", source, "--output", file] + arguments)
        #expect(exported.status == 0, "\(exported.errors)")
        // Into a store that has other events.
        let store = try await SQLiteExecutor.open(target)
        try await store.write([NewEvent(aggregatorType: "x", aggregatorID: "y", name: "z")])
        await store.close()
        let imported = try await GatewayProcess.run(["import", file, "--database", target])
        #expect(imported.status == 0, "\(imported.errors)")
        #expect(try await Self.events(target).dropFirst().map(\.node) == all.filter(selects))
      }
    }
  }

  // MARK: Interruptions

  private static func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM, SIGHUP]) func anImportContinuesAfterASignal(_ signal: Int32) async throws
  {
    try await withTemporaryFolder { folder in
      let (source, file, target) = (folder + "/e.sqlite", folder + "/e.ndjson", folder + "/new.sqlite")
      try await makeLongStore(source)
      _ = try await GatewayProcess.run(["export", "--database", source, "--output", file])
      let arguments = ["import", file, "--database", target]
      let command = try CommandProcess(arguments)
      while Self.size(target + "-wal") < 1_000_000 { await Task.yield() }
      command.send(signal)
      let outcome = await command.outcome()
      if signal == SIGKILL {
        #expect(outcome.isKilled)
      } else {
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors == "Cancelled. Run the command again to continue.\n" && outcome.output.isEmpty)
      }
      let second = try await GatewayProcess.run(arguments)
      #expect(second.status == 0, "\(second.errors)")
      let present = try #require(
        second.output.firstMatch(of: /^Imported 20000 events \(([0-9]+) of them were there already\)/),
        "\(second.output)"
      )
      #expect((1..<20_000).contains(Int(present.1) ?? 0))
      #expect(try await Self.events(target).map(\.node) == Self.events(source).map(\.node))
    }
  }

  @Test(arguments: [SIGKILL, SIGINT, SIGTERM]) func anExportLeavesNoFileAfterASignal(_ signal: Int32) async throws {
    try await withTemporaryFolder { folder in
      let (source, file) = (folder + "/e.sqlite", folder + "/e.ndjson")
      try await makeLongStore(source)
      let arguments = ["export", "--database", source, "--output", file]
      let command = try CommandProcess(arguments)
      func partial() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.contains("partial") }
      }
      while try partial().allSatisfy({ Self.size("\(folder)/\($0)") < 1_000_000 }) { await Task.yield() }
      command.send(signal)
      let outcome = await command.outcome()
      #expect(!FileManager.default.fileExists(atPath: file))
      if signal != SIGKILL {
        #expect(outcome.status == 128 + signal)
        #expect(outcome.errors == "Cancelled. \(file) was not created.\n", "\(outcome.errors)")
        #expect(try partial() == [])
      }
      #expect(try await GatewayProcess.run(arguments).status == 0)
      #expect(try await GatewayProcess.run(["import", file, "--database", folder + "/new.sqlite"]).status == 0)
    }
  }

  /// An import that waits for its input ends at once.
  @Test func anImportThatWaitsCanBeInterrupted() async throws {
    try await withTemporaryFolder { folder in
      let command = try CommandProcess(["import", "-", "--database", folder + "/e.sqlite"], errors: .terminal)
      command.send(SIGINT)
      let outcome = await command.outcome()
      #expect(outcome.status == 130 && outcome.errors.contains("Cancelled. Run the command again to continue."))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }

  @Test func aTerminalSeesHowFarItIs() async throws {
    try await withTemporaryFolder { folder in
      try await makeLongStore(folder + "/e.sqlite")
      for arguments in [
        ["export", "--database", folder + "/e.sqlite", "--output", folder + "/f"],
        ["import", folder + "/f", "--database", folder + "/new.sqlite"],
      ] {
        let outcome = await (try CommandProcess(arguments, errors: .terminal)).outcome()
        #expect(outcome.status == 0)
        let shares = outcome.errors.matches(of: /\r[A-Z][a-z]+ing [^:\r]+: ([0-9]+) %/)
        #expect(shares.count > 5 && shares.last?.output.1 == "100", "\(outcome.errors)")
      }
    }
  }

  // MARK: Errors

  @Test(arguments: [
    (["export", "--all"], "--all needs --database"),
    (["export", "--all", "--database", "e", "--routing-key", "k"], "--all can't be combined with filters"),
    (["export", "--name", "n"], "--aggregator-id and --name need --aggregator-type"),
    (["export", "--database", "e", "--url", "http://a"], "--database can't be combined with --url"),
    (["import", "--database", "e"], "Missing expected argument"),
    (["import", "-", "--from", "evento", "--database", "e"], "--from evento needs a database file"),
    (["import", "f", "--from", "other", "--database", "e"], "other"),
  ])
  func refusesWhatItCannotTake(_ arguments: [String], _ error: String) async throws {
    let outcome = try await GatewayProcess.run(arguments)
    #expect(outcome.status == 64 && outcome.errors.contains(error), "\(outcome.errors)")
  }

  @Test func aWrongFileChangesNothing() async throws {
    try await withTemporaryFolder { folder in
      try Data("hello\n".utf8).write(to: URL(filePath: folder + "/f"))
      for (file, text) in [
        (folder + "/f", "\(folder)/f is not an export of evento-gateway. Name a file that 'export' has written."),
        (folder + "/none", "\(folder)/none can't be opened: No such file or directory."),
      ] {
        let outcome = try await GatewayProcess.run(["import", file, "--database", folder + "/new.sqlite"])
        #expect(outcome.status == 1 && outcome.errors == "Error: \(text)\n", "\(outcome.errors)")
      }
      let none = try await GatewayProcess.run(["export", "--database", folder + "/none"])
      #expect(none.status == 1 && none.errors.contains("There is no database"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
    }
  }

  // MARK: PostgreSQL

  @Test(.needsPostgreSQL) func postgreSQL() async throws {
    try await withTemporaryFolder { folder in
      let (source, file) = (folder + "/e.sqlite", folder + "/e.ndjson")
      try await Self.makeStore(source)
      _ = try await GatewayProcess.run(["export", "--database", source, "--output", file, "--all"])
      try await PostgreSQLServer.shared.withDatabase { database in
        let imported = try await GatewayProcess.run(["import", file, "--database", database.url, "--all"])
        #expect(imported.status == 0, "\(imported.errors)")
        let back = folder + "/back.ndjson"
        let exported = try await GatewayProcess.run(
          ["export", "--database", database.url, "--output", back, "--all"])
        #expect(exported.output.hasPrefix("Exported 8 events, 1 subscriber and 1 snapshot"), "\(exported.errors)")
        let second = try await GatewayProcess.run(["import", back, "--database", folder + "/new.sqlite", "--all"])
        #expect(second.status == 0, "\(second.errors)")
        let stats = try await GatewayProcess.run(["stats", "--database", database.url, "--json"])
        #expect(stats.output.hasPrefix("{\"events\":8,\"aggregators\":6,\"aggregator_types\":["), "\(stats.errors)")
      }
      #expect(try await Self.events(folder + "/new.sqlite").map(\.node) == Self.events(source).map(\.node))
    }
  }
}
