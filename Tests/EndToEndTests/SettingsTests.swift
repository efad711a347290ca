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
      #expect(log.contains("Access: anyone on this machine"))
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
      return options.filter { $0 != "--port" && $0 != "--unix-socket-mode" }.map { ($0, zeros.contains($0) ? 0 : 1) }
    }
  }

  @Test func boundsEveryNumber() async throws {
    let numbers = try await Self.numbers
    #expect(numbers.count == 28)
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
          errors.firstMatch(of: /Error: (--[a-z-]+) must be ([0-9]+) to ([0-9]+), and is 9223372036854775807\./),
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
      #expect(outcome.errors.contains("--allow-anonymous") && outcome.errors.contains("maybe"))
    }
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
        ["--unix-socket", folder + "/s", "--unix-socket-only", "--database", folder + "/e.sqlite"],
        environment: links.merging(["EVENTO_SERVICE": "typo", "EVENTO_MAX_PAYLOAD_BYTES": "10"]) { $1 })
      gateway.send(SIGTERM)
      let outcome = await gateway.outcome()
      #expect(outcome.status == 0)
      let lines = outcome.errors.split(separator: "\n")
      let told = lines.filter { $0.contains("enableServiceLinks: false") }
      #expect(told.count == 1)
      for name in links.keys { #expect(told.first?.contains(name) == true) }
      #expect(lines.filter { $0.contains("is no setting") }.count == 1, "the typo alone")
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
        environment: mode.map { ["EVENTO_DATABASE_MODE": $0] } ?? [:], umask: umask)
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
      #expect(gateway.announcement.contains(" listens on unix:\(socket), database "))
      try await gateway.waitForLog("Access: whoever may connect to \(socket)")
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
      try await gateway.waitForLog("warning evento-gateway: [evento_gateway] Access: anyone who reaches 0.0.0.0")
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
      try await gateway.waitForLog("by an IP address or as localhost, store.example")
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
        let token = try #require(outcome.output.firstMatch(of: /token: (\S+)\n/))
        let line = try #require(outcome.output.firstMatch(of: /file: (.+)\n/))
        return (String(token.1), String(line.1))
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
      try await gateway.waitForLog("error evento-gateway: [evento_gateway] The token file can't be taken")
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
      for (path, hint) in [
        (file, "line 2"), (folder + "/none", "none"), (folder + "/empty", "has no token"), (folder, "is a folder"),
        (folder + "/bytes", "UTF-8"),
      ] {
        let outcome = try await GatewayProcess.run(
          ["serve", "--port", "0", "--database", folder + "/e.sqlite", "--token-file", path])
        #expect(outcome.status != 0 && !outcome.isKilled)
        #expect(outcome.errors.contains(hint) && outcome.errors.contains(path))
        #expect(!outcome.errors.contains("NSCocoaErrorDomain"))
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
