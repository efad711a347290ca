import Evento
import Foundation
import TestSupport
import Testing

@testable import EventoSQLite

/// `erase`, as docs/operations.md has it.
@Suite(.timeLimit(.minutes(2))) struct EraseTests {
  private static let secret = "SECRET-\(UUID().uuidString)"
  private static let body =
    "{\"aggregator_type\":\"shop/Customer\",\"aggregator_id\":\"7\",\"snapshot_types\":[\"shop/Customer\"]}"

  private static func event(_ id: String = "7", _ data: String = secret) -> String {
    "{\"events\":[{\"aggregator_type\":\"shop/Customer\",\"aggregator_id\":\"\(id)\",\"name\":\"Named\","
      + "\"data\":\"\(data)\",\"metadata\":{\"requested_by\":\"\(data)\"}}]}"
  }

  private static func files(with text: String, in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
      try Data(contentsOf: URL(filePath: "\(folder)/\(name)")).range(of: Data(text.utf8)) != nil
    }
  }

  /// The steps of docs/operations.md.
  @Test func erasesThroughAGateway() async throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md"),
      encoding: .utf8)
    #expect(text.contains("evento-gateway erase shop/Customer 7 --snapshot-type shop/Customer\n"))
    try await withTemporaryFolder { folder in
      let created = try await GatewayProcess.run(
        ["token", "create", "--role", "admin", "--name", "a", "--append", folder + "/tokens"])
      let reader = try await GatewayProcess.run(
        ["token", "create", "--role", "write", "--name", "w", "--append", folder + "/tokens"])
      let (token, weak) = (created.output.dropLast(), reader.output.dropLast())
      let gateway = try await GatewayProcess(
        ["--port", "0", "--database", folder + "/e.sqlite", "--token-file", folder + "/tokens"])
      var client = try gateway.client
      client.fields = [("Authorization", "Bearer \(token)")]
      let written = try await client.send("POST", "/events", Self.event())
      let cursor = try #require(try written.json["events"]?[0]?["cursor"]?.string)
      _ = try await client.send("POST", "/events", Self.event("8", "kept"))
      let snapshot = "{\"cursor\":\"\(cursor)\",\"data\":\"\(Self.secret)\"}"
      #expect(try await client.send("PUT", "/snapshots/shop/Customer/1/7", snapshot).status == 204)

      let arguments = ["erase", "shop/Customer", "7", "--snapshot-type", "shop/Customer"]
      let environment = ["EVENTO_URL": "http://127.0.0.1:\(client.port)", "EVENTO_TOKEN": String(token)]
      let refused = try await GatewayProcess.run(
        arguments, environment: environment.merging(["EVENTO_TOKEN": String(weak)]) { $1 })
      #expect(refused.status == 1 && refused.errors.contains("requires admin"), "\(refused.errors)")
      let first = try await GatewayProcess.run(arguments, environment: environment)
      #expect(first.output == "Erased 1 event and 1 snapshot of shop/Customer \"7\".\n", "\(first.errors)")
      #expect(first.status == 0 && first.errors.isEmpty)
      #expect(try Self.files(with: Self.secret, in: folder) == [])
      let page = try await client.send("GET", "/events?aggregator_type=shop/Customer&aggregator_id=7").text
      #expect(page.contains("\"erased\":true") && page.contains("\"metadata\":{}"))
      let second = try await GatewayProcess.run(arguments, environment: environment)
      #expect(second.status == 0 && second.output == "Erased 0 events and 0 snapshots of shop/Customer \"7\".\n")
      let missing = try await GatewayProcess.run(["erase", "shop/Customer", "9"], environment: environment)
      #expect(
        missing.status == 1 && missing.errors == "Error: No events of shop/Customer \"9\". Check the type and the id.\n"
      )
      let tail = try CommandProcess(["tail", "--from", "beginning"], environment: environment)
      #expect(await tail.nextLine()?.hasSuffix("  shop/Customer/7  v1  Named  (erased)") == true)
      #expect(await tail.nextLine()?.hasSuffix("  shop/Customer/8  v1  Named  \"kept\"") == true)
      tail.send(SIGTERM)
      _ = await tail.outcome()
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func erasesInADatabase() async throws {
    try await withTemporaryFolder { folder in
      let database = folder + "/e.sqlite"
      let store = try await SQLiteExecutor.open(database)
      try await store.write([
        NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n", data: Payload("\"\(Self.secret)\""))
      ])
      await store.close()
      let erased = try await GatewayProcess.run(["erase", "t", "a", "--database", database])
      #expect(erased.status == 0 && erased.output == "Erased 1 event and 0 snapshots of t \"a\".\n", "\(erased.errors)")
      #expect(try Self.files(with: Self.secret, in: folder) == [])
      let absent = try await GatewayProcess.run(["erase", "t", "a", "--database", folder + "/none"])
      #expect(absent.status == 1 && absent.errors == "Error: There is no database \(folder)/none. Check the path.\n")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["e.sqlite"])
    }
  }

  @Test(arguments: [
    (["t"], "Missing expected argument"), (["t", ""], "The aggregate id must be 1 to 255 bytes"),
    (["t", "a", "--snapshot-type", "a\nb"], "--snapshot-type must not contain control characters"),
    (["t", "a", "--database", "x", "--url", "http://a"], "--database can't be combined with --url"),
    (["t", "a", "--database", ":memory:"], "--database must name a file"),
    (["t", "a", "--database-schema", "x"], "--database-schema needs --database"),
  ])
  func refusesWhatItCannotTake(_ arguments: [String], _ error: String) async throws {
    let outcome = try await GatewayProcess.run(["erase"] + arguments)
    #expect(outcome.status == 64 && outcome.errors.contains(error), "\(outcome.errors)")
  }

  /// On a terminal, only yes erases. The question names the aggregate and the gateway.
  @Test(arguments: ["yes\n", "y\n", "no\n", "\n", "yess\n", "\u{04}"]) func asksOnATerminal(_ answer: String)
    async throws
  {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"])
      let client = try gateway.client
      _ = try await client.send("POST", "/events", Self.event())
      let url = "http://127.0.0.1:\(client.port)"
      let command = try CommandProcess(["erase", "shop/Customer", "7", "--url", url], errors: .terminal)
      try command.type(answer)
      let outcome = await command.outcome()
      #expect(
        outcome.errors.contains(
          "Erase the content of all events of shop/Customer \"7\" at \(url)? This can't be undone."),
        "\(outcome.errors)")
      let isErased = try await client.send("GET", "/events").text.contains("\"erased\":true")
      if answer.hasPrefix("y"), !answer.hasPrefix("yess") {
        #expect(outcome.status == 0 && isErased)
        #expect(outcome.output == "Erased 1 event and 0 snapshots of shop/Customer \"7\".\n")
      } else {
        #expect(outcome.status == 1 && !isErased && outcome.output.isEmpty)
        #expect(outcome.errors.contains("Not confirmed. Nothing was erased."), "\(outcome.errors)")
      }
    }
  }

  /// Ctrl-C at the question changes nothing, and --yes asks nothing.
  @Test func theQuestionCanBeInterruptedOrLeftOut() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"])
      let client = try gateway.client
      _ = try await client.send("POST", "/events", Self.event())
      let arguments = ["erase", "shop/Customer", "7", "--url", "http://127.0.0.1:\(client.port)"]
      let command = try CommandProcess(arguments, errors: .terminal)
      command.send(SIGINT)
      #expect(await command.outcome().status == 130)
      #expect(try await !client.send("GET", "/events").text.contains("\"erased\":true"))
      let outcome = await (try CommandProcess(arguments + ["--yes"], errors: .terminal)).outcome()
      #expect(outcome.status == 0 && !outcome.errors.contains("undone"))
      #expect(try await client.send("GET", "/events").text.contains("\"erased\":true"))
    }
  }

  /// A reader in this process holds the write-ahead log, as a backup does, so that the work ends only after the gateway
  /// was killed.
  @Test func finishesAfterAKill() async throws {
    try await withTemporaryFolder { folder in
      let arguments = ["--port", "0", "--database", folder + "/e.sqlite"]
      let gateway = try await GatewayProcess(arguments)
      #expect(try await gateway.client.send("POST", "/events", Self.event()).status == 201)
      let reader = try Connection(path: folder + "/e.sqlite", busyTimeout: .zero, for: .writing)
      reader.keepLogWhenClosed()
      try reader.beginSnapshot()
      #expect(try reader.integer("SELECT count(*) FROM event") == 1)
      let held = try await gateway.client.send("POST", "/aggregators/erase", Self.body)
      #expect(held.status == 503 && held["Retry-After"] == "1")
      #expect(try held.json["code"]?.string == "unavailable")
      #expect(held.text.contains("is erased for every reader"))
      #expect(try await !gateway.client.send("GET", "/events").text.contains(Self.secret))
      #expect(try !Self.files(with: Self.secret, in: folder).isEmpty)
      gateway.send(SIGKILL)
      #expect(await gateway.outcome().isKilled)
      reader.close()
      #expect(try !Self.files(with: Self.secret, in: folder).isEmpty)
      let next = try await GatewayProcess(arguments)
      let ended = try await next.client.send("POST", "/aggregators/erase", Self.body)
      #expect(ended.status == 200 && ended.text == "{\"events\":0,\"snapshots\":0}\n")
      #expect(try Self.files(with: Self.secret, in: folder) == [])
      next.send(SIGTERM)
      #expect(await next.outcome().status == 0)
      #expect(try Self.files(with: Self.secret, in: folder) == [])
    }
  }
}
