import Foundation
import Testing

/// The README shows the quick start and what it prints.
@Suite struct QuickStartTests {
  private static let examples = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")

  @Test func theREADMEShowsTheProgram() throws {
    let program = try String(
      contentsOf: Self.examples.appending(path: "Sources/quick-start/main.swift"), encoding: .utf8)
    #expect(try Self.readme.contains("```swift\n\(program)```\n"))
  }

  @Test func theREADMEShowsWhatTheProgramPrints() throws {
    let process = Process()
    process.executableURL = Self.products.appending(path: "quick-start")
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(!text.isEmpty)
    #expect(try Self.readme.contains("prints\n\n```\n\(text)```\n"))
  }

  private static var readme: String {
    get throws { try String(contentsOf: examples.appending(path: "../README.md"), encoding: .utf8) }
  }

  /// The folder of the test's own executable, where the package's other products are too.
  private static var products: URL {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
  }
}
