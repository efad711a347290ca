import Foundation
import TestSupport
import Testing

/// A gateway that serves.
final class GatewayProcess: Sendable {
  typealias Outcome = CommandProcess.Outcome

  private let process: CommandProcess
  let announcement: String

  /// Runs a command of the package to its end. One that does not end within two minutes is killed, so that no test waits
  /// for it for ever.
  static func run(
    _ arguments: [String], environment: [String: String] = [:], command: String = "evento-gateway",
    shell: String? = nil
  ) async throws -> Outcome {
    let process = try CommandProcess(arguments, environment: environment, command: command, shell: shell)
    let end = Task {
      try await Task.sleep(for: .seconds(120))
      process.send(SIGKILL)
    }
    defer { end.cancel() }
    return await process.outcome()
  }

  /// Starts `serve` on a free port, and waits until it listens.
  init(
    _ arguments: [String], environment: [String: String] = [:], errors: CommandProcess.Errors = .read,
    shell: String? = nil
  ) async throws {
    process = try CommandProcess(["serve"] + arguments, environment: environment, errors: errors, shell: shell)
    guard let line = await process.nextLine() else {
      let outcome = await process.outcome()
      throw RawConnection.Failure(description: "it ended with \(outcome.status): \(outcome.errors)")
    }
    announcement = line
  }

  /// The port that it says it listens on.
  var client: HTTPClient {
    get throws {
      let match = try #require(announcement.firstMatch(of: /http:\/\/127\.0\.0\.1:([0-9]+)/), "\(announcement)")
      return HTTPClient(port: try #require(UInt16(match.1)))
    }
  }

  var processID: Int32 { process.processID }

  func send(_ signal: Int32) {
    process.send(signal)
  }

  /// Waits for its end.
  func outcome() async -> Outcome {
    await process.outcome()
  }

  /// The log of one whose log nobody has read up to now.
  func readUnreadLog() throws -> LineReader {
    try process.readUnread()
  }

  /// Waits for a line on standard error that has this text in it.
  func waitForLog(_ text: String) async throws {
    try await process.waitForLog(text)
  }
}
