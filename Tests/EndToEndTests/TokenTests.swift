import Foundation
import TestSupport
import Testing

/// The token file, and the command that creates tokens.
@Suite struct TokenTests {
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
      let response = try await gateway.client.send(
        "GET", "/events", fields: [("Authorization", "Bearer \(token)")])
      #expect(response.status == 200)
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
      var stream = HTTPResponseReader(connection)
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
}
