import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct TailTests {
  @Test func aGatewayThatIsNotThereIsAnError() async throws {
    let outcome = try await GatewayProcess.run(
      ["tail", "--url", "http://127.0.0.1:1", "--from", "beginning"])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    // At once, and when it gives up.
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 2, "\(outcome.errors)")
    #expect(lines.first?.hasPrefix("The gateway can't be reached (") == true)
    #expect(lines.first?.hasSuffix("Trying again …") == true)
    #expect(lines.last?.hasPrefix("Error: The gateway can't be reached (") == true)
  }

  @Test(
    arguments: [
      (["--url", "localhost:8080"], [:], "Error: --url is not a valid URL: "),
      ([], ["EVENTO_URL": "localhost:8080"], "Error: EVENTO_URL is not a valid URL: "),
      (["--url", "ftp://a"], ["EVENTO_URL": "http://localhost:1"], "Error: --url is not a valid URL: "),
    ] as [([String], [String: String], String)])
  func namesAnInvalidURLAsItWasGiven(
    _ arguments: [String], _ environment: [String: String], _ expected: String
  ) async throws {
    let outcome = try await GatewayProcess.run(["tail"] + arguments, environment: environment)
    #expect(outcome.status == 1 && outcome.errors.hasPrefix(expected), "\(outcome.errors)")
  }

  @Test(
    arguments: [
      ([], ["EVENTO_TOKEN": "a b"], "Error: EVENTO_TOKEN must be visible ASCII characters"),
      (["--token", "a b"], ["EVENTO_TOKEN": "c"], "Error: --token must be visible ASCII characters"),
      (["--url", "http://me:secret@127.0.0.1:1"], [:], "Error: --url is not a valid URL: it contains a user name."),
    ] as [([String], [String: String], String)])
  func namesAnInvalidTokenAsItWasGiven(
    _ arguments: [String], _ environment: [String: String], _ expected: String
  ) async throws {
    let outcome = try await GatewayProcess.run(["tail"] + arguments, environment: environment)
    #expect(outcome.status == 1 && outcome.errors.hasPrefix(expected), "\(outcome.errors)")
    #expect(!outcome.errors.contains("configuration"))
  }

  @Test func saysWhereATokenGoes() async throws {
    try await withTemporaryFolder { folder in
      let create = ["token", "create", "--role", "read", "--append", folder + "/tokens"]
      let token = try await GatewayProcess.run(create).output.trimmingCharacters(in: .newlines)
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--token-file", folder + "/tokens",
      ])
      let url = ["tail", "--url", "http://127.0.0.1:\(try gateway.client.port)"]
      let none = try await GatewayProcess.run(url)
      #expect(none.status == 1)
      #expect(none.errors == "Error: The gateway requires a token. Pass one with --token or EVENTO_TOKEN.\n")
      let wrong = try await GatewayProcess.run(url, environment: ["EVENTO_TOKEN": token + "x"])
      #expect(wrong.status == 1)
      #expect(wrong.errors.hasPrefix("Error: The gateway does not accept the token (EVENTO_TOKEN): "))
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// The server is a gateway with another base path, or not a gateway.
  @Test func namesTheURLThatLeadsElsewhere() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--base-path", "/evento",
      ])
      let url = "http://127.0.0.1:\(try gateway.client.port)"
      let given = try await GatewayProcess.run(["tail", "--url", url])
      #expect(given.status == 1 && given.errors.hasSuffix(" The URL is \(url) (--url).\n"), "\(given.errors)")
      let variable = try await GatewayProcess.run(["tail"], environment: ["EVENTO_URL": url])
      #expect(variable.errors.hasSuffix(" The URL is \(url) (EVENTO_URL).\n"), "\(variable.errors)")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test(arguments: [
    ("SSH-2.0-OpenSSH_9.2\r\n", "The gateway can't be called (the response is not HTTP)."),
    (
      "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 2 << 20),
      "The head of the response is too large. Check that the URL leads to a gateway."
    ),
    (
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5000000000\r\n\r\n",
      "The response is larger than 33554432 bytes. No larger response is accepted."
    ),
  ])
  func whatIsNoGatewayIsAnErrorAtOnce(_ text: String, _ expected: String) async throws {
    let server = try CannedServer(sending: text)
    defer { server.stop() }
    let outcome = try await GatewayProcess.run(["tail", "--url", "http://127.0.0.1:\(server.port)"])
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    #expect(outcome.errors.hasPrefix("Error: \(expected)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("(--url)"), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }

  /// By the option, and before it follows.
  @Test(arguments: [
    (["--aggregator-type", String(repeating: "a", count: 300)], "--aggregator-type must be 1 to 255 bytes"),
    (["--aggregator-type", ""], "--aggregator-type must be 1 to 255 bytes"),
    (["--aggregator-type", "a", "--aggregator-id", "\u{7F}"], "--aggregator-id must not contain control characters"),
    (["--aggregator-type", "a", "--name", ""], "--name must be 1 to 255 bytes"),
    (["--routing-key", String(repeating: "a", count: 256)], "--routing-key must be 1 to 255 bytes"),
  ])
  func aNameThatCanBeNoneIsCalledByItsOption(_ arguments: [String], _ expected: String) async throws {
    let outcome = try await GatewayProcess.run(["tail"] + arguments)
    #expect(outcome.status == 64 && outcome.errors.hasPrefix("Error: \(expected)"), "\(outcome.errors)")
  }

  @Test(arguments: [
    ["--name", "Opened"], ["--aggregator-id", "a"], ["--from", "yesterday"],
  ])
  func whatMakesNoSenseIsSaid(_ arguments: [String]) async throws {
    let outcome = try await GatewayProcess.run(["tail"] + arguments)
    #expect(outcome.status == 64)
    #expect(!outcome.errors.isEmpty)
  }

  @Test func aPersonReadsTimeAggregateVersionNameAndPayload() async throws {
    try await withGateway { gateway in
      try await gateway.write("a", "Opened", #"{"owner":"Ada"}"#, timestamp: 1_700_000_000)
      // What could steer a terminal, or turn its text around.
      try await gateway.write("b\u{202E}c\u{9B}31m", "Closed", #""\#u{85}""#, timestamp: 1_700_000_001)
      let tail = try gateway.tail(["--from", "beginning"])
      let first = await tail.nextLine()
      #expect(first == #"2023-11-14T22:13:20.000Z  bank/Account/a  v1  Opened  {"owner":"Ada"}"#)
      #expect(
        await tail.nextLine()
          == #"2023-11-14T22:13:21.000Z  bank/Account/b\u{202E}c\u{9B}31m  v1  Closed  "\u{85}""#)
      try await tail.end()
    }
  }

  @Test func withJSONEachLineIsAnObject() async throws {
    try await withGateway { gateway in
      let payload = #"{"text":"line\nend","n":1.10}"#
      try await gateway.write("a", "Opened", payload)
      try await gateway.write("a", "Closed", "[1,\n2]")
      let tail = try gateway.tail(["--from", "beginning", "--json"])
      for name in ["Opened", "Closed"] {
        let line = try json(await tail.nextLine())
        #expect(line["type"]?.string == "event")
        #expect(line["cursor"]?.string != nil)
        #expect(line["node"]?["name"]?.string == name)
        #expect(line["node"]?["data"] != nil || line["node"]?["data_base64"]?.string == "WzEsCjJd")
      }
      try await tail.end()
    }
  }

  /// Every millisecond of a second, as JSON has them.
  @Test func theTimeIsThatOfTheEvent() async throws {
    try await withGateway { gateway in
      let events = (0..<1000).map {
        #"{"aggregator_type":"t","aggregator_id":"i","name":"n","timestamp":1700000000,"timestamp_subsec":\#($0)}"#
      }
      let last =
        #"{"aggregator_type":"t","aggregator_id":"i","name":"n","timestamp":253402300799,"timestamp_subsec":999}"#
      for body in [events.joined(separator: ","), last] {
        #expect(try await gateway.client.send("POST", "/events", #"{"events":[\#(body)]}"#).status == 201)
      }
      let tail = try gateway.tail(["--from", "beginning"])
      for number in 0..<1000 {
        let digits = String(number + 1000).dropFirst()
        #expect(await tail.nextLine()?.hasPrefix("2023-11-14T22:13:20.\(digits)Z  ") == true, "\(number)")
      }
      #expect(await tail.nextLine()?.hasPrefix("9999-12-31T23:59:59.999Z  ") == true)
      try await tail.end()
    }
  }

  /// Not that it follows: see the other tests, which end with no error.
  @Test func aPipeHearsThatTheGatewayIsAway() async throws {
    try await withTemporaryFolder { folder in
      let relay = try Relay()
      defer { relay.stop() }
      let gateway = try await RunningGateway(folder, behind: relay)
      try await gateway.write("a", "Opened", "1")
      let tail = try gateway.tail(["--from", "beginning"])
      #expect(await tail.nextLine() != nil)
      try await gateway.end()
      try await tail.waitForLog("Can't follow the gateway's log")
      tail.send(SIGINT)
      #expect(await tail.outcome().status == 0)
    }
    let alone = try CommandProcess(["tail", "--url", "http://127.0.0.1:1"])
    try await alone.waitForLog("The gateway can't be reached")
    alone.send(SIGINT)
    #expect(await alone.outcome().status == 0)
  }

  @Test func aTerminalHearsThatItFollowsAndThatTheGatewayIsAway() async throws {
    try await withTemporaryFolder { folder in
      let relay = try Relay()
      defer { relay.stop() }
      var gateway = try await RunningGateway(folder, behind: relay)
      let tail = try CommandProcess(["tail", "--url", "http://127.0.0.1:\(relay.port)"], errors: .terminal)
      try await tail.waitForLog("Following http://127.0.0.1:\(relay.port). Ctrl-C ends it.")
      try await gateway.end()
      try await tail.waitForLog("Trying again")
      gateway = try await RunningGateway(folder, behind: relay)
      try await tail.waitForLog("The gateway is back.")
      tail.send(SIGINT)
      #expect(await tail.outcome().status == 0)
      try await gateway.end()
    }
    let alone = try CommandProcess(["tail", "--url", "http://127.0.0.1:1"], errors: .terminal)
    try await alone.waitForLog("The gateway can't be reached")
    alone.send(SIGINT)
    #expect(await alone.outcome().status == 0)
  }

  /// A program gets every character as it is.
  @Test func nothingInJSONIsEscapedForATerminal() async throws {
    try await withGateway { gateway in
      let payload = "{\"t\":\"\u{9B}31m\u{202E}\u{7F}\"}"
      try await gateway.write("b\u{202E}c\u{9B}31m", "Closed", payload)
      let tail = try gateway.tail(["--from", "beginning", "--json"])
      let line = try #require(await tail.nextLine())
      #expect(line.contains("\"data\":\(payload)"))
      #expect(try json(line)["node"]?["aggregator_id"]?.string == "b\u{202E}c\u{9B}31m")
      try await tail.end()
    }
  }

  /// The server can be anything.
  @Test(arguments: [
    (
      "application/problem+json",
      #"{"code":"a\u001b[31m","detail":"b\u009b2J\u202ec\u007f\nError: \ud83d\ude00é\u200b"}"#,
      [#"Error: b\u{9B}2J\u{202E}c\u{7F}\nError: 😀é\u{200B}"#]
    ),
    ("text/html", "<p>\u{1B}]0;title\u{7}\u{202E}\u{2028}</p>", [#"<p>·]0;title·\u{202E}\u{2028}</p>"#, "status 400"]),
  ])
  func anErrorSteersNoTerminal(_ type: String, _ body: String, _ expected: [String]) async throws {
    let server = try CannedServer("400 Bad Request", type, body)
    defer { server.stop() }
    let outcome = try await GatewayProcess.run(["tail", "--url", "http://127.0.0.1:\(server.port)"])
    #expect(outcome.status == 1 && outcome.output.isEmpty)
    for text in expected { #expect(outcome.errors.contains(text), "\(outcome.errors)") }
    #expect(outcome.errors.split(separator: "\n").count == 1)
    #expect(outcome.errors.isHarmless, "\(outcome.errors.debugDescription)")
  }

  @Test func beginsWhereItIsTold() async throws {
    try await withGateway { gateway in
      for number in 1...3 { try await gateway.write("a", "E\(number)", "1") }
      let all = try gateway.tail(["--from", "beginning", "--json"])
      let lines = [await all.nextLine(), await all.nextLine(), await all.nextLine()]
      #expect(try lines.map { try name(of: $0) } == ["E1", "E2", "E3"])
      let cursor = try #require(try json(lines[1])["cursor"]?.string)
      let rest = try gateway.tail(["--from", cursor, "--json"])
      #expect(try name(of: await rest.nextLine()) == "E3")
      // From now on, which is the default. Nobody can see from outside when it has begun: it is written to until it has.
      let new = try gateway.tail(["--json"])
      let writer = Task {
        for number in 4... {
          guard !Task.isCancelled else { return }
          try await gateway.write("a", "E\(number)", "1")
        }
      }
      let first = try name(of: await new.nextLine())
      writer.cancel()
      _ = await writer.result
      #expect(!["E1", "E2", "E3"].contains(first))
      // And the others are still there, with what committed in between.
      for tail in [all, rest] { #expect(try name(of: await tail.nextLine()) == "E4") }
      for tail in [all, rest, new] { try await tail.end() }
    }
  }

  @Test(arguments: [
    (["--aggregator-type", "bank/Account", "--aggregator-id", "b"], ["1", "3"]),
    (["--aggregator-type", "bank/Account", "--name", "Closed"], ["3"]),
    (["--routing-key", "eu"], ["2"]), (["--routing-key", ""], ["0", "1", "3"]),
  ]) func showsWhatPassesItsFilters(_ filters: [String], _ expected: [String]) async throws {
    try await withGateway { gateway in
      try await gateway.write("a", "Opened", "0")
      try await gateway.write("b", "Opened", "1")
      try await gateway.write("c", "Opened", "2", routingKey: "eu")
      try await gateway.write("b", "Closed", "3")
      let tail = try gateway.tail(["--from", "beginning"] + filters)
      for payload in expected { #expect(await tail.nextLine()?.split(separator: " ").last.map(String.init) == payload) }
      try await tail.end()
    }
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsItInGoodOrder(_ signal: Int32) async throws {
    try await withGateway { gateway in
      try await gateway.write("a", "Opened", "1")
      let tail = try gateway.tail(["--from", "beginning"])
      #expect(await tail.nextLine() != nil)
      try await tail.end(signal)
    }
  }

  @Test func aReaderThatHasGoneEndsItQuietly() async throws {
    try await withGateway { gateway in
      try await gateway.write("a", "Opened", "1")
      let outcome = try await gateway.tail(["--from", "beginning"], isRead: false).outcome()
      #expect(outcome.status == 0 && !outcome.isKilled)
      #expect(outcome.errors.isEmpty)
    }
  }

  @Test func continuesBehindAGatewayThatCameBack() async throws {
    try await withTemporaryFolder { folder in
      let relay = try Relay()
      defer { relay.stop() }
      var gateway = try await RunningGateway(folder, behind: relay)
      try await gateway.write("a", "Opened", "1")
      let tail = try gateway.tail(["--from", "beginning"])
      #expect(await tail.nextLine()?.contains("Opened") == true)
      for name in ["Second", "Third"] {
        gateway.process.send(name == "Second" ? SIGTERM : SIGKILL)
        _ = await gateway.process.outcome()
        gateway = try await RunningGateway(folder, behind: relay)
        try await gateway.write("a", name, "1")
        #expect(await tail.nextLine()?.contains(name) == true)
      }
      try await tail.end(mayHaveLostTheGateway: true)
      try await gateway.end()
    }
  }

  private func name(of line: String?) throws -> String? {
    try json(line)["node"]?["name"]?.string
  }

  private func json(_ line: String?) throws -> JSONValue {
    let line = try #require(line)
    return try JSONValue(Array(line.utf8))
  }

  private func withGateway(_ body: (RunningGateway) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await RunningGateway(folder)
      try await body(gateway)
      try await gateway.end()
    }
  }
}

/// A gateway to tail.
private struct RunningGateway: Sendable {
  let process: GatewayProcess
  let client: HTTPClient
  /// Where a tail finds it.
  let port: UInt16

  init(_ folder: String, behind relay: Relay? = nil) async throws {
    process = try await GatewayProcess(["--port", "0", "--database", folder + "/events.sqlite"])
    client = try process.client
    relay?.setTarget(client.port)
    port = relay?.port ?? client.port
  }

  func write(
    _ aggregate: String, _ name: String, _ data: String, routingKey: String? = nil, timestamp: Int? = nil
  ) async throws {
    var event = #"{"aggregator_type":"bank/Account","aggregator_id":"\#(aggregate)","name":"\#(name)","data":\#(data)"#
    if let routingKey { event += #","routing_key":"\#(routingKey)""# }
    if let timestamp { event += #","timestamp":\#(timestamp)"# }
    event += "}"
    let response = try await client.send("POST", "/events", #"{"events":[\#(event)]}"#)
    #expect(response.status == 201, "\(response.text)")
  }

  func tail(_ arguments: [String], isRead: Bool = true) throws -> CommandProcess {
    try CommandProcess(["tail", "--url", "http://127.0.0.1:\(port)"] + arguments, isRead: isRead)
  }

  func end() async throws {
    process.send(SIGTERM)
    #expect(await process.outcome().status == 0)
  }
}

extension CommandProcess {
  /// Ends it by a signal: it must have shown nothing more, and no error.
  fileprivate func end(_ signal: Int32 = SIGTERM, mayHaveLostTheGateway: Bool = false) async throws {
    send(signal)
    let outcome = await outcome()
    #expect(outcome.status == 0 && !outcome.isKilled)
    let others = outcome.errors.split(separator: "\n").filter { line in
      !mayHaveLostTheGateway
        || !["Can't follow the gateway's log", "Following the gateway's log"].contains { line.contains($0) }
    }
    #expect(others.isEmpty)
  }
}
