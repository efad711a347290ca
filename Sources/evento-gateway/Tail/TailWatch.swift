internal import ByteCoding
internal import Evento
internal import EventoHTTP
internal import Foundation
internal import Logging

/// Reports the state of `tail` on standard error. On a terminal, it shows that it follows, and at once when the gateway
/// disappears and returns. For a program that reads standard error, it logs only errors: the first one, and then one a
/// minute.
struct TailWatch {
  private let address: String
  private let probe: HTTPExecutor

  /// The interval between checks of the gateway.
  private static let interval: Duration = .seconds(2)

  init(_ address: String, _ configuration: HTTPConfiguration) throws {
    self.address = address
    var configuration = configuration
    configuration.retry = .never
    configuration.callDeadline = .seconds(5)
    probe = try HTTPExecutor(baseURL: address, configuration: configuration)
  }

  private static let isTerminal = isatty(STDERR_FILENO) == 1

  /// The follower's logger, which reports errors if there is no terminal.
  static var logger: Logger {
    Logger(label: "evento.http") { label -> any LogHandler in
      guard !isTerminal else { return SwiftLogNoOpLogHandler() }
      return StreamLogHandler(label: label, stream: LogOutput(label: label, format: .text))
    }
  }

  /// Reports at once if the gateway can't be reached, before it retries.
  func begin() async throws {
    if let failure = try await failure() { say("\(failure) Trying again …") }
  }

  /// Reports when the gateway disappears and returns, until the task is cancelled.
  func run() async {
    guard Self.isTerminal else { return }
    say("Following \(address). Ctrl-C ends it.")
    var isAway = false
    while !Task.isCancelled {
      do {
        try await Task.sleep(for: Self.interval)
        let failure = try await failure()
        if let failure, !isAway { say("\(failure) Trying again …") }
        if failure == nil, isAway { say("The gateway is back.") }
        isAway = failure != nil
      } catch {
        // Cancelled; or rejected, which the follower reports as its own error.
        return
      }
    }
  }

  /// - Returns: `nil` if it responds.
  /// - Throws: An error that waiting can't fix.
  private func failure() async throws -> String? {
    do {
      _ = try await probe.read([], routingKey: .all, args: .forward(first: 0))
      return nil
    } catch let error as EventoError where error.isTransient {
      return error.detail
    }
  }

  private func say(_ text: String) {
    StandardError.write("\(PrintableText.escaped(text))\n")
  }
}
