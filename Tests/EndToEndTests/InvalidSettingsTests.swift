import Foundation
import TestSupport
import Testing

/// Errors of options and variables.
@Suite struct InvalidSettingsTests {
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
      let zeros: Set = [
        "--body-grace", "--min-body-rate", "--shutdown-grace", "--memory-map-bytes", "--max-subscriber-metrics",
      ]
      // Permissions are octal, and have a test of their own.
      let others: Set = ["--port", "--unix-socket-mode", "--database-mode"]
      return options.filter { !others.contains($0) }.map { ($0, zeros.contains($0) ? 0 : 1) }
    }
  }

  @Test func boundsEveryNumber() async throws {
    let numbers = try await Self.numbers
    #expect(numbers.count == 30)
    try await withTemporaryFolder { folder in
      @Sendable func refusal(_ option: String, _ value: String) async throws -> String {
        let outcome = try await GatewayProcess.run(
          ["serve", "\(option)=\(value)"], environment: ["EVENTO_DATABASE": folder + "/e.sqlite"])
        #expect(outcome.status == 64 && !outcome.isKilled, "\(option)=\(value)")
        return outcome.errors
      }
      let bounds = try await concurrently(numbers) { option, minimum in
        let errors = try await refusal(option, "9223372036854775807")
        let limits = try #require(
          errors.firstMatch(of: /Error: (--[a-z-]+) must be ([0-9]+) to ([0-9]+), but is "9223372036854775807"\./),
          "\(option): \(errors)")
        #expect(limits.1 == option && limits.2 == "\(minimum)")
        let bound = try #require(Int(limits.3))
        for value in [bound + 1, minimum - 1, -1] {
          #expect(try await refusal(option, "\(value)").contains("must be \(limits.2) to \(limits.3)"))
        }
        return bound
      }
      // A thread each.
      let most = zip(numbers, bounds).map { number, bound in
        "\(number.option)=\(number.option == "--event-loops" ? 2 : bound)"
      }
      let least = numbers.map { "\($0.option)=\($0.least)" }
      for option in ["--port", "--unix-socket-mode"] {
        for value in ["9223372036854775807", "-1"] { _ = try await refusal(option, value) }
      }
      #expect(!FileManager.default.fileExists(atPath: folder + "/e.sqlite"))

      // With the largest of all it serves, chunks among it; with the least it starts.
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/e.sqlite"] + most)
      let connection = try RawConnection(port: try gateway.client.port)
      try await connection.send(
        "POST /events/query HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
      var responses = HTTPResponseReader(connection)
      #expect(try await responses.next().status == 200)
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

  /// The error names the setting as it was given.
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
        "EVENTO_DATABASE_MUST_EXIST needs a file or a postgresql:// URL, but EVENTO_DATABASE is \":memory:\".", "--"
      ),
      (
        ["--database-must-exist"], ["EVENTO_DATABASE": ":memory:"],
        "--database-must-exist needs a file or a postgresql:// URL, but EVENTO_DATABASE is \":memory:\".",
        "EVENTO_DATABASE_MUST"
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
  func namesAnInvalidSettingAsItWasGiven(
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
  @Test func theLinesOfAnErrorAreLines() async throws {
    let outcome = try await GatewayProcess.run(["serve"], environment: ["EVENTO_LOG_LEVEL": "lo\u{1B}[2Jud"])
    #expect(outcome.status == 64)
    #expect(outcome.errors.hasPrefix("Error: The value 'lo\\u{1B}[2Jud' is invalid for EVENTO_LOG_LEVEL."))
    #expect(!outcome.errors.contains("\\n") && outcome.errors.isHarmless, "\(outcome.errors)")
  }
}
