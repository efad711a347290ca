import Foundation
import TestSupport
import Testing

/// Names of files that mean something else to SQLite, or to a terminal.
@Suite(.timeLimit(.minutes(2))) struct FileNameTests {
  private static let event = #"{"events":[{"aggregator_type":"t","aggregator_id":"a","name":"n"}]}"#

  /// Debian's SQLite takes `file:` for the beginning of a URI.
  @Test(arguments: ["file:x", "file:x?mode=memory", "file:%41", "file::memory:"])
  func aNameIsAName(_ name: String) async throws {
    try await withTemporaryFolder { folder in
      let shell = "cd '\(folder)'; exec"
      let gateway = try await GatewayProcess(["--port", "0", "--database", name], shell: shell)
      #expect(gateway.announcement.hasSuffix(", new database \(name), 0 events"))
      #expect(try await gateway.client.send("POST", "/events", Self.event).status == 201)
      #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)-wal"))
      let (copy, restored) = (name + ".copy", name + ".restored")
      for arguments in [
        ["backup", copy, "--database", name], ["restore", copy, "--database", restored],
        ["restore", copy, "--database", restored, "--replace"],
      ] {
        let outcome = try await GatewayProcess.run(arguments, shell: shell)
        #expect(outcome.status == 0 && outcome.output.contains(" 1 event, "), "\(outcome.errors)")
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == [name, copy, restored].sorted())
    }
  }

  @Test func aBackupMayHaveTheNameOfMemory() async throws {
    try await withTemporaryFolder { folder in
      let shell = "cd '\(folder)'; exec"
      let gateway = try await GatewayProcess(["--port", "0", "--database", "e.sqlite"], shell: shell)
      #expect(try await gateway.client.send("POST", "/events", Self.event).status == 201)
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
      for arguments in [["backup", ":memory:", "--database", "e.sqlite"], ["restore", ":memory:", "--database", "r"]] {
        let outcome = try await GatewayProcess.run(arguments, shell: shell)
        #expect(outcome.status == 0 && outcome.output.contains(" 1 event, "), "\(outcome.errors)")
      }
    }
  }

  @Test func aNameSteersNoTerminal() async throws {
    try await withTemporaryFolder { folder in
      let name = folder + "/\u{1B}[2J\u{202E}\n.sqlite"
      let gateway = try await GatewayProcess(["--port", "0", "--database", name])
      #expect(gateway.announcement.hasSuffix(#"/\u{1B}[2J\u{202E}\n.sqlite, 0 events"#), "\(gateway.announcement)")
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().errors.isHarmless)
      for arguments in [["backup", name + "c"], ["restore", name + "c", "--replace"]] {
        let outcome = try await GatewayProcess.run(arguments + ["--database", name])
        #expect(outcome.status == 0 && outcome.output.isHarmless, "\(outcome.errors)")
        #expect(outcome.output.contains(#"/\u{1B}[2J\u{202E}\n.sqlite"#))
      }
    }
  }

  /// Swift decodes an argument that is not UTF-8 to the name of another file.
  @Test func aNameThatIsNotUTF8IsRefused() async throws {
    try await withTemporaryFolder { folder in
      // The shell makes the byte.
      let outcome = try await GatewayProcess.run(
        ["serve", "--port", "0"],
        shell: #"cd '\#(folder)'; EVENTO_DATABASE=$(printf 'bad\377.sqlite'); export EVENTO_DATABASE; exec timeout 20"#)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("contains bytes that are not UTF-8"), "\(outcome.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
