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

  /// The gateway itself listens on loopback alone, and a proxy brings everyone.
  @Test func warnsOfAProxyWithoutTokens() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--trusted-proxy", "127.0.0.1", "--allowed-host",
        "site.example",
      ])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains(/warning .*Access: no tokens. Every client of a proxy .* has full access/), "\(log)")
    }
  }

  @Test func logsItsLimitsWhenItStarts() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--max-payload-bytes", "20", "--idle-timeout", "7",
        "--log-level", "debug",
      ])
      gateway.send(SIGTERM)
      let log = await gateway.outcome().errors
      #expect(log.contains("Access: no tokens. Every process on this machine"))
      #expect(log.contains("--max-payload-bytes 20, ") && log.contains("--max-connections 16384, "))
      #expect(log.contains("--idle-timeout 7, ") && log.contains("--shutdown-grace 5"))
    }
  }

  @Test(arguments: [
    ["serve", "--port", "65536"], ["serve", "--max-body-bytes", "0"], ["serve", "--base-path", "evento"],
    ["serve", "--base-path", "/evento/"], ["serve", "--log-level", "loud"], ["serve", "--prot", "1"],
    ["serve", "extra"], ["serve", "--database", ""], ["serve", "--unix-socket-only"],
    ["serve", "--unix-socket-mode", "66"], ["serve", "--unix-socket-mode", "rw-"],
    ["serve", "--unix-socket-mode", "1777"], ["serve", "--unix-socket-mode", "668"], ["backup"], ["restore"],
    ["serve", "--database-mode", "440"], ["serve", "--database-mode", "1640"], ["serve", "--database-mode", "rw"],
    ["serve", "--allowed-host", "store.example:8080"], ["serve", "--allowed-host", "https://store.example"],
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

  /// Every option of `serve` whose default is a number, as its help has it.
  private static var numbers: [(option: String, least: Int)] {
    get async throws {
      let help = try await GatewayProcess.run(["serve", "--help"]).output
      let options = help.components(separatedBy: "\n  --").dropFirst().compactMap { section -> String? in
        let words = section.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard words.firstMatch(of: /\(default: [0-9]+\)/) != nil else { return nil }
        return "--" + words.prefix { $0 != " " }
      }
      let zeros: Set = ["--body-grace", "--min-body-rate", "--shutdown-grace", "--memory-map-bytes"]
      // Permissions are octal, and have a test of their own.
      let others: Set = ["--port", "--unix-socket-mode", "--database-mode"]
      return options.filter { !others.contains($0) }.map { ($0, zeros.contains($0) ? 0 : 1) }
    }
  }

  @Test func boundsEveryNumber() async throws {
    let numbers = try await Self.numbers
    #expect(numbers.count == 29)
    try await withTemporaryFolder { folder in
      func refusal(_ option: String, _ value: String) async throws -> String {
        let outcome = try await GatewayProcess.run(
          ["serve", "\(option)=\(value)"], environment: ["EVENTO_DATABASE": folder + "/e.sqlite"])
        #expect(outcome.status == 64 && !outcome.isKilled, "\(option)=\(value)")
        return outcome.errors
      }
      var most: [String] = []
      var least: [String] = []
      for (option, minimum) in numbers {
        let errors = try await refusal(option, "9223372036854775807")
        let limits = try #require(
          errors.firstMatch(of: /Error: (--[a-z-]+) must be ([0-9]+) to ([0-9]+), but is "9223372036854775807"\./),
          "\(option): \(errors)")
        #expect(limits.1 == option && limits.2 == "\(minimum)")
        let bound = try #require(Int(limits.3))
        for value in [bound + 1, minimum - 1, -1] {
          #expect(try await refusal(option, "\(value)").contains("must be \(limits.2) to \(limits.3)"))
        }
        // A thread each.
        most.append("\(option)=\(option == "--event-loops" ? 2 : bound)")
        least.append("\(option)=\(minimum)")
      }
      for option in ["--port", "--unix-socket-mode"] {
        for value in ["9223372036854775807", "-1"] { _ = try await refusal(option, value) }
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/e.sqlite"))

      // With the largest of all it serves, chunks among it; with the least it starts.
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"] + most)
      let connection = try RawConnection(port: try gateway.client.port)
      try await connection.send(
        "POST /events/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
      var answers = HTTPAnswerReader(connection)
      #expect(try await answers.next().status == 200)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      let small = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"] + least)
      small.send(SIGTERM)
      #expect(await small.outcome().status == 0)
    }
  }

  @Test func refusesAFlagsVariableThatIsNeitherYesNorNo() async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0", "--database", folder + "/e.sqlite"],
        environment: ["EVENTO_ALLOW_ANONYMOUS": "maybe"])
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("EVENTO_ALLOW_ANONYMOUS must be true or false, but is \"maybe\"."))
      #expect(!outcome.errors.contains("--allow-anonymous"))
    }
  }

  /// A fault is called as it was given.
  @Test(
    arguments: [
      ([], ["EVENTO_PORT": "abc"], "EVENTO_PORT must be 0 to 65535, but is \"abc\".", "--port"),
      ([], ["EVENTO_PORT": "65536"], "EVENTO_PORT must be 0 to 65535, but is \"65536\".", "--port"),
      (["--port", "70000"], [:], "--port must be 0 to 65535, but is \"70000\".", "EVENTO_PORT"),
      (["--port=-1"], [:], "--port must be 0 to 65535, but is \"-1\".", "EVENTO_PORT"),
      (["--port", "abc"], ["EVENTO_PORT": "def"], "--port must be 0 to 65535, but is \"abc\".", "EVENTO_PORT"),
      (
        ["--port", "abc"], ["EVENTO_EVENT_LOOPS": "0"], "--port must be 0 to 65535, but is \"abc\".",
        "EVENTO_EVENT_LOOPS"
      ),
      (["--port", "-1"], [:], "--port must be 0 to 65535, but is \"-1\".", "EVENTO_PORT"),
      (["--port", ""], [:], "--port must be 0 to 65535, but is \"\".", "EVENTO_PORT"),
      (["--idle-timeout", "-1"], [:], "--idle-timeout must be 1 to 86400, but is \"-1\".", "EVENTO_IDLE_TIMEOUT"),
      (["--event-loops", "abc"], [:], "--event-loops must be 1 to 256, but is \"abc\".", "EVENTO_EVENT_LOOPS"),
      ([], ["EVENTO_EVENT_LOOPS": "abc"], "EVENTO_EVENT_LOOPS must be 1 to 256, but is \"abc\".", "--event-loops"),
      (
        [], ["EVENTO_MAX_BODY_BYTES": "16MB"], "EVENTO_MAX_BODY_BYTES must be 1 to 1073741824, but is \"16MB\".",
        "--max-body"
      ),
      (
        ["--max-body-bytes", "99999999999999999999"], [:],
        "--max-body-bytes must be 1 to 1073741824, but is \"99999999999999999999\".", "EVENTO_MAX_BODY_BYTES"
      ),
      ([], ["EVENTO_PORT": "0", "EVENTO_EVENT_LOOPS": "0"], "EVENTO_EVENT_LOOPS must be", "--event-loops"),
      (
        [], ["EVENTO_DATABASE_MODE": "rw"],
        "EVENTO_DATABASE_MODE must be three octal digits, 600 to 777, but is \"rw\".", "--database-mode"
      ),
      (
        ["--database-mode", "888"], [:], "--database-mode must be three octal digits, 600 to 777, but is \"888\".",
        "EVENTO_DATABASE_MODE"
      ),
      (
        ["--database-mode", "440"], [:], "--database-mode must be three octal digits, 600 to 777, but is \"440\".",
        "EVENTO_DATABASE_MODE"
      ),
      (
        [], ["EVENTO_UNIX_SOCKET_MODE": "9"],
        "EVENTO_UNIX_SOCKET_MODE must be three octal digits, 000 to 777, but is \"9\".", "--unix-socket-mode"
      ),
      (
        [], ["EVENTO_MAX_PAYLOAD_BYTES": "0"], "EVENTO_MAX_PAYLOAD_BYTES must be 1 to 1073741824, but is \"0\".",
        "--max-payload"
      ),
      (
        [], ["EVENTO_BASE_PATH": "/a/"], "EVENTO_BASE_PATH must begin with / and must not end with it, but is \"/a/\".",
        "--base-path"
      ),
      ([], ["EVENTO_TRUSTED_PROXY": "a"], "EVENTO_TRUSTED_PROXY must be an address", "--trusted-proxy"),
      // Each is right alone.
      (
        [], ["EVENTO_DATABASE": ":memory:", "EVENTO_DATABASE_MUST_EXIST": "true"],
        "EVENTO_DATABASE_MUST_EXIST needs a file, but EVENTO_DATABASE is \":memory:\".", "--"
      ),
      (
        ["--database-must-exist"], ["EVENTO_DATABASE": ":memory:"],
        "--database-must-exist needs a file, but EVENTO_DATABASE is \":memory:\".", "EVENTO_DATABASE_MUST"
      ),
      ([], ["EVENTO_UNIX_SOCKET_ONLY": "true"], "EVENTO_UNIX_SOCKET_ONLY needs --unix-socket.", "--unix-socket-only"),
      // What can be no host.
      (["--host", "127.0.0.1:80"], [:], "--host must be a name or an IP address", "anyone"),
      (["--host", "http://localhost"], [:], "but is \"http://localhost\".", "anyone"),
      (["--host", "[::1]"], [:], "--host must be a name or an IP address", "anyone"),
      (["--host", ""], [:], "--host must be a name or an IP address", "anyone"),
      ([], ["EVENTO_HOST": "a b"], "EVENTO_HOST must be a name or an IP address", "--host"),
      // What shows only when the settings are used.
      (["--token-file", "/none"], [:], "The token file \"/none\" (--token-file) does not exist.", "EVENTO_TOKEN_FILE"),
      (
        [], ["EVENTO_TOKEN_FILE": "/none"], "The token file \"/none\" (EVENTO_TOKEN_FILE) does not exist.",
        "--token-file"
      ),
      ([], ["EVENTO_TOKEN_FILE": "/tmp"], "The token file \"/tmp\" (EVENTO_TOKEN_FILE) is a folder.", "--token-file"),
      ([], ["EVENTO_HOST": "0.0.0.0"], "anyone who reaches 0.0.0.0 (EVENTO_HOST)", "--host"),
      (["--host", "0.0.0.0"], [:], "anyone who reaches 0.0.0.0 (--host)", "EVENTO_HOST"),
    ] as [([String], [String: String], String, String)])
  func namesAFaultAsItWasGiven(
    _ arguments: [String], _ environment: [String: String], _ text: String, _ other: String
  ) async throws {
    try await withTemporaryFolder { folder in
      let outcome = try await GatewayProcess.run(
        ["serve"] + arguments,
        environment: environment.merging(["EVENTO_DATABASE": folder + "/e.sqlite"]) { old, _ in old })
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains(text), "\(outcome.errors)")
      #expect(!outcome.errors.split(separator: "\n")[0].contains(other), "\(outcome.errors)")
      #expect(outcome.errors.contains("'evento-gateway serve --help'"), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/e.sqlite"))
    }
  }

  /// The parser breaks lines between the values that there are.
  @Test func theLinesOfAFaultAreLines() async throws {
    let outcome = try await GatewayProcess.run(["serve"], environment: ["EVENTO_LOG_LEVEL": "lo\u{1B}[2Jud"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("Error: The value 'lo\\u{1B}[2Jud' is invalid for EVENTO_LOG_LEVEL."))
    #expect(!outcome.errors.contains("\\n") && outcome.errors.isHarmless, "\(outcome.errors)")
  }

  @Test func theHelpBeginsWithWhatEveryoneNeeds() async throws {
    let help = try await GatewayProcess.run(["serve", "--help"]).output
    let options = help.matches(of: /\n +(--[a-z-]+)/).map { String($0.output.1) }
    #expect(Array(options.prefix(4)) == ["--database", "--host", "--port", "--token-file"])
  }

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

  /// What a shell does with it: a pipe or a redirection has the line and nothing else.
  @Test func aTokensLineGoesIntoAFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/tokens"
      let line = try await GatewayProcess.run(["token", "create", "--role", "read", "--name", "a"])
      #expect(line.output.wholeMatch(of: /a read sha256:[0-9a-f]{64}\n/) != nil, "\(line.output)")
      try ("# no end of line\n" + line.output.dropLast()).write(toFile: file, atomically: true, encoding: .utf8)
      let appended = try await GatewayProcess.run(
        ["token", "create", "--role", "write", "--name", "b", "--append", file])
      let token = try #require(appended.output.wholeMatch(of: /(\S+)\n/)).output.1
      let lines = try String(contentsOfFile: file, encoding: .utf8).split(
        separator: "\n", omittingEmptySubsequences: false)
      #expect(
        lines.count == 4 && lines[1] + "\n" == line.output && lines[2].hasPrefix("b write sha256:") && lines[3] == "")
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite", "--token-file", file])
      let answer = try await gateway.client.send(
        "GET", "/events", fields: [("Authorization", "Bearer \(token)")])
      #expect(answer.status == 200)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)

      let new = try await GatewayProcess.run(["token", "create", "--role", "read", "--append", folder + "/new"])
      #expect(new.status == 0)
      #expect(
        try FileManager.default.attributesOfItem(atPath: folder + "/new")[.posixPermissions] as? Int == 0o600)
      let refused = try await GatewayProcess.run(["token", "create", "--role", "read", "--append", folder + "/no/file"])
      #expect(refused.status == 1 && refused.output.isEmpty)
      #expect(refused.errors == "Error: The folder \(folder)/no does not exist. Create it first.\n")
    }
  }

  /// A gateway would not start with such a file.
  @Test(arguments: ["", "shop write sha256:0\n"]) func aNameIsAppendedOnce(_ bad: String) async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/tokens"
      let command = ["token", "create", "--role", "write", "--append", file, "--name"]
      let first = try await GatewayProcess.run(command + ["shop"])
      #expect(first.status == 0)
      #expect(first.errors.hasPrefix("Appended \"shop\" to \(file). Send the gateway SIGHUP to load it. "))
      let before = try String(contentsOfFile: file, encoding: .utf8) + bad
      try before.write(toFile: file, atomically: true, encoding: .utf8)
      let second = try await GatewayProcess.run(command + ["shop"])
      #expect(second.status == 1 && second.output.isEmpty)
      #expect(
        second.errors
          == (bad.isEmpty
            ? "Error: \(file) already has a token \"shop\". Choose another --name, or remove its line first.\n"
            : "Error: The token file \(file) can't be used: line 2 must end in sha256: and the 64 hexadecimal digits of the "
              + "token's SHA-256. Correct that line first.\n"))
      #expect(try String(contentsOfFile: file, encoding: .utf8) == before)
      // Those that come at the same time, too: one of them is there, and the others say so.
      try FileManager.default.removeItem(atPath: file)
      let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
        for _ in 0..<4 { group.addTask { try await GatewayProcess.run(command + ["shop"]).status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses.sorted() == [0, 1, 1, 1])
      #expect(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").count == 1)
    }
  }

  @Test func theLineIsNotAboveIfItWentElsewhere() async throws {
    let outcome = try await GatewayProcess.run(["token", "create", "--role", "read"])
    #expect(
      outcome.errors.hasPrefix(
        "The line for the token file went to standard output. This is the token; it can't be shown again:\nevt_"))
  }

  /// A Service named `evento` has Kubernetes set these in every pod of its namespace.
  @Test func ignoresServiceLinksAndSaysSo() async throws {
    try await withTemporaryFolder { folder in
      let links = [
        "EVENTO_PORT": "tcp://10.0.0.1:8080", "EVENTO_SERVICE_HOST": "10.0.0.1", "EVENTO_SERVICE_PORT": "8080",
        "EVENTO_SERVICE_PORT_HTTP": "8080", "EVENTO_PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "EVENTO_PORT_8080_TCP_PROTO": "tcp", "EVENTO_PORT_8080_TCP_PORT": "8080",
        "EVENTO_PORT_8080_TCP_ADDR": "10.0.0.1", "EVENTO_GATEWAY_PORT": "udp://10.0.0.2:1",
      ]
      let gateway = try await GatewayProcess(
        [
          "--unix-socket", folder + "/s", "--unix-socket-only", "--database", folder + "/e.sqlite", "--log-level",
          "debug",
        ],
        environment: links.merging(["EVENTO_SERVICE": "typo", "EVENTO_MAX_PAYLOAD_BYTES": "10"]) { $1 })
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0)
      let lines = outcome.errors.split(separator: "\n")
      let told = lines.filter { $0.contains("enableServiceLinks: false") }
      #expect(told.count == 1)
      for name in links.keys { #expect(told.first?.contains(name) == true) }
      #expect(lines.filter { $0.contains("is not a setting") }.count == 1, "the typo alone")
      #expect(outcome.errors.contains("--max-payload-bytes 10,"))
    }
    // What is no link stays what it was: a fault.
    let outcome = try await GatewayProcess.run(["serve"], environment: ["EVENTO_PORT": "http://10.0.0.1:8080"])
    #expect(outcome.status == 64)
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

  @Test func listensOnAUnixSocketAlone() async throws {
    try await withTemporaryFolder { folder in
      let other = try await GatewayProcess(["--port", "0", "--database", folder + "/other.sqlite"])
      let socket = folder + "/s"
      // The port is taken, and the address others', neither of which matters where it listens on neither.
      let gateway = try await GatewayProcess(
        ["--port", "\(try other.client.port)", "--host", "0.0.0.0", "--unix-socket", socket],
        environment: ["EVENTO_UNIX_SOCKET_ONLY": "true", "EVENTO_DATABASE": folder + "/e.sqlite"])
      #expect(gateway.announcement.contains(" listens on unix:\(socket), new database "))
      try await gateway.waitForLog("Access: no tokens. Everyone who can connect to \(socket)")
      #expect(try await Self.curl(socket) == (0, "200"))
      for process in [gateway, other] {
        process.send(SIGTERM)
        #expect(await process.outcome().status == 0)
      }
    }
  }

  @Test(
    .enabled(if: geteuid() == 0, "only root can be somebody else"),
    arguments: [
      ("660", true, false), ("600", false, false), ("666", true, true),
    ])
  func setsWhoMayConnectToTheUnixSocket(_ mode: String, _ itsGroup: Bool, _ others: Bool) async throws {
    try await withTemporaryFolder { folder in
      let socket = folder + "/s"
      let gateway = try await GatewayProcess([
        "--port", "0", "--database", folder + "/e.sqlite", "--unix-socket", socket, "--unix-socket-mode", mode,
      ])
      let group = String(getegid())
      #expect(try await (Self.curl(socket, as: ["--reuid=65534", "--regid=\(group)"]).status == 0) == itsGroup)
      #expect(try await (Self.curl(socket, as: ["--reuid=65534", "--regid=65534"]).status == 0) == others)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// The status that `/readyz` answers with, to this user or to one that `setpriv` makes of it.
  private static func curl(
    _ socket: String, as user: [String] = []
  ) async throws -> (status: Int32, output: String) {
    let command = [
      "curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--unix-socket", socket,
      "http://localhost/readyz",
    ]
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = (user.isEmpty ? [] : ["setpriv", "--clear-groups"] + user) + command
    let output = Pipe()
    process.standardOutput = output
    return try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
          })
      }
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
      try await gateway.waitForLog(
        "warning evento-gateway: [evento_gateway] Access: no tokens. Everyone who can reach 0.0.0.0")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// Any page can have a name of its own point to an address that its browser reaches (DNS rebinding).
  @Test func servesAnyoneByAddressesAndNamesThatItIsGiven() async throws {
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess([
        "--host", "0.0.0.0", "--port", "0", "--database", folder + "/e.sqlite", "--allow-anonymous",
        "--allowed-host", "store.example",
      ])
      try await gateway.waitForLog("by an IP address or as localhost or store.example. Add names with --allowed-host.")
      let port = try #require(gateway.announcement.firstMatch(of: /http:\/\/0\.0\.0\.0:([0-9]+)/))
      for (host, status) in [
        ("127.0.0.1", 200), ("192.0.2.1:8080", 200), ("localhost", 200), ("store.example", 200), ("evento", 421),
        ("evil.example", 421),
      ] {
        let connection = try RawConnection(port: try #require(UInt16(port.1)))
        try await connection.send("GET /events HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        var answers = HTTPAnswerReader(connection)
        let answer = try await answers.next()
        #expect(answer.status == status, "\(host)")
        #expect(answer.text.contains("--allowed-host") == (status == 421))
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func takesTheTokensThatItMakesAndReadsThemAgain() async throws {
    try await withTemporaryFolder { folder in
      func create(_ role: String) async throws -> (token: String, line: String) {
        let outcome = try await GatewayProcess.run(["token", "create", "--role", role, "--name", role])
        #expect(outcome.status == 0)
        let token = try #require(outcome.errors.split(separator: "\n").last)
        return (String(token), String(outcome.output.dropLast()))
      }
      let (reader, admin) = (try await create("read"), try await create("admin"))
      let file = folder + "/tokens"
      try "# who may\n\(reader.line)\n".write(toFile: file, atomically: true, encoding: .utf8)
      let gateway = try await GatewayProcess(
        [
          "--host", "127.0.0.1", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", file,
          "--stream-heartbeat", "1",
        ])
      try await gateway.waitForLog("Access: 1 token.")
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

      // As one that is being written looks for a moment.
      try "# who may\n".write(toFile: file, atomically: true, encoding: .utf8)
      gateway.send(SIGHUP)
      try await gateway.waitForLog("error evento-gateway: [evento_gateway] The token file can't be used")
      #expect(try await status(reader.token) == 200, "an empty file changes nothing")

      let connection = try RawConnection(port: client.port)
      try await connection.send(
        client.message("GET", "/events/stream", nil, [("Authorization", "Bearer \(reader.token)")]))
      var stream = HTTPAnswerReader(connection)
      #expect(try await stream.beginning { $0.contains("heartbeat") }.status == 200)

      try "\(admin.line)\n".write(toFile: file, atomically: true, encoding: .utf8)
      gateway.send(SIGHUP)
      try await gateway.waitForLog("read again")
      #expect(try await status(admin.token) == 200)
      #expect(try await status(reader.token) == 401)
      _ = try await stream.more { _ in false }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  @Test func refusesABadTokenFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/tokens"
      try "# fine\nname root sha256:00\n".write(toFile: file, atomically: true, encoding: .utf8)
      try "\n# nobody\n".write(toFile: folder + "/empty", atomically: true, encoding: .utf8)
      try Data([0x61, 0xFF]).write(to: URL(filePath: folder + "/bytes"))
      let line = "a read sha256:\(String(repeating: "0", count: 64))\n"
      try line.data(using: .utf16LittleEndian)?.write(to: URL(filePath: folder + "/utf16"))
      try "\u{FEFF}\u{FEFF}\(line)".write(toFile: folder + "/marks", atomically: true, encoding: .utf8)
      for (path, hint) in [
        (file, "line 2"), (folder + "/none", "none"), (folder + "/empty", "has no token"), (folder, "is a folder"),
        (folder + "/bytes", "UTF-8"), (folder + "/utf16", "is not UTF-8 text. Save it in UTF-8."),
        (folder + "/marks", "line 1 has a byte order mark"),
      ] {
        let outcome = try await GatewayProcess.run(
          ["serve", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", path])
        #expect(outcome.status != 0 && !outcome.isKilled)
        #expect(outcome.errors.contains(hint) && outcome.errors.contains(path))
        #expect(!outcome.errors.contains("NSCocoaErrorDomain"))
      }
    }
  }

  /// A file that can't be reached may exist.
  @Test(.enabled(if: geteuid() == 0, "only root can be somebody else"))
  func saysThatATokenFileCannotBeReached() async throws {
    try await withTemporaryFolder { folder in
      let closed = folder + "/closed"
      try FileManager.default.createDirectory(atPath: closed, withIntermediateDirectories: false)
      try "".write(toFile: closed + "/tokens", atomically: true, encoding: .utf8)
      try #require(chmod(closed, 0o700) == 0)
      let outcome = try await CommandProcess(
        ["serve", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", closed + "/tokens"],
        shell: "exec setpriv --clear-groups --reuid=65534"
      ).outcome()
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("can't be read: permission denied."), "\(outcome.errors)")
      #expect(!outcome.errors.contains("does not exist"), "\(outcome.errors)")
    }
  }

  @Test func tellsItsVersionAndItsLimits() async throws {
    for arguments in [["version"], ["--version"]] {
      let version = try await GatewayProcess.run(arguments)
      #expect(version.status == 0)
      #expect(version.output.firstMatch(of: /^evento-gateway [0-9]+\.[0-9]+\.[0-9]+\n$/) != nil)
    }
    let help = try await GatewayProcess.run(["serve", "--help"])
    for option in ["--max-body-bytes", "--max-payload-bytes", "--max-requests-in-flight", "--token-file", "EVENTO_"] {
      #expect(help.output.contains(option))
    }
    #expect(help.output.contains("default: 16777216"))
  }
}
