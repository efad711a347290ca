import Foundation
import TestSupport
import Testing

/// The README and the reference of the HTTP API show what happens.
@Suite struct ReadmeTests {
  private static var text: String {
    get throws { try text(of: "README.md") }
  }

  private static func text(of file: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
    return try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }

  /// A line behind `$`, and what it prints.
  private struct Step {
    let command: String
    var output = ""
  }

  private static func steps(of file: String) throws -> [Step] {
    let blocks = try text(of: file).components(separatedBy: "```console\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0]
    }
    return blocks.flatMap { block in
      block.components(separatedBy: "\n").reduce(into: [Step]()) { steps, line in
        if line.hasPrefix("$ ") {
          steps.append(Step(command: String(line.dropFirst(2))))
        } else if !steps.isEmpty {
          steps[steps.count - 1].output += line + "\n"
        }
      }
    }
  }

  /// With what differs from one run to the next put the same.
  private static func normalized(_ output: String) -> String {
    output.replacing("\r\n", with: "\n").replacing(/(?m)^(Date|X-Request-Id): .+$/) { "\($0.output.1): ITS" }
      .replacing(/(?m)^id: [A-Za-z0-9_-]+$/, with: "id: CURSOR").replacing("\n", with: "")
      .replacing(/"id":"01[0-9A-HJKMNP-TV-Z]{24}"/, with: "\"id\":ID")
      .replacing(/"(cursor|start_cursor|end_cursor)":"[A-Za-z0-9_-]+"/) { "\"\($0.output.1)\":CURSOR" }
      .replacing(/"(timestamp|timestamp_subsec)":[0-9]+/) { "\"\($0.output.1)\":NUMBER" }
      .replacing(/"(created_at|updated_at)":"[0-9T:.Z-]+"/) { "\"\($0.output.1)\":TIME" }
  }

  @Test(arguments: ["README.md", "docs/http-api.md"])
  func showsWhatHappens(_ file: String) async throws {
    let steps = try Self.steps(of: file)
    #expect(steps.count > 10)
    try await withTemporaryFolder { folder in
      let gateway = try await GatewayProcess(["--port", "0", "--database", folder + "/evento.sqlite"])
      let port = try gateway.client.port
      let mark = "@@ next @@"
      let script = steps.map {
        "\($0.command.replacing("localhost:8080", with: "localhost:\(port)"))\necho '\(mark)'\n"
      }
      let outputs = try await Self.bash(script.joined()).components(separatedBy: mark)
      for (step, output) in zip(steps, outputs) {
        #expect(Self.normalized(output) == Self.normalized(step.output), "\(step.command)")
      }
      gateway.send(SIGTERM)
      #expect(await gateway.outcome().status == 0)
    }
  }

  /// Each Swift snippet is in a file of the package that `.ci/run` builds and runs, with any indentation.
  @Test(arguments: ["README.md", "docs/swift.md"]) func showsSwiftThatIsCompiledAndRun(_ file: String) throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Outside").standardizedFileURL
    let files = ["Package.swift", "Sources/shop/main.swift", "Tests/OutsideTests/SnippetTests.swift"]
    let sources = try files.map { try Self.unindented(String(contentsOf: folder.appending(path: $0), encoding: .utf8)) }
    let snippets = try Self.text(of: file).components(separatedBy: "```swift\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0]
    }
    #expect(snippets.count >= 4)
    for snippet in snippets {
      let code = Self.unindented(snippet.replacing("../evento-gateway", with: "../.."))
      #expect(sources.contains { $0.contains(code) }, "\(snippet)")
    }
  }

  private static func unindented(_ text: String) -> String {
    text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: "\n")
  }

  private static func bash(_ script: String) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(
          with: Result {
            let process = Process()
            process.executableURL = URL(filePath: "/bin/bash")
            process.arguments = ["-c", script]
            let output = Pipe()
            process.standardOutput = output
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: data, as: UTF8.self)
          })
      }
    }
  }

  /// The table of settings has every option with its default, and no other.
  @Test func listsEverySettingWithItsDefault() async throws {
    let help = try await GatewayProcess.run(["serve", "--help"]).output
    let text = try Self.text
    let options = help.matches(of: /\n +(--[a-z-]+)/).map { String($0.output.1) }
    let rows = text.matches(of: /\n\| `(--[a-z-]+)` \| `(EVENTO_[A-Z_]+)` \| ([^|]*) \|/)
    #expect(Set(options).subtracting(["--version"]) == Set(rows.map { String($0.output.1) }))
    // The help breaks its lines where it likes.
    let words = help.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for row in rows {
      let (option, variable, value) = (row.output.1, row.output.2, row.output.3.filter { $0 != "`" && $0 != "," })
      #expect(variable == "EVENTO_" + option.dropFirst(2).uppercased().replacing("-", with: "_"))
      // Behind the option's own line, not behind a mention of it in the introduction.
      let section = try #require(words.components(separatedBy: option + " ").last)
      let described = section.components(separatedBy: " --")[0]
      let standard = described.firstMatch(of: /default: ([^)]*)\)/).map { String($0.output.1) } ?? ""
      #expect(standard == value.trimmingCharacters(in: .whitespaces), "\(option)")
    }
  }
}
