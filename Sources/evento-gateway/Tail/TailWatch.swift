internal import Evento
internal import EventoHTTP
internal import Foundation
internal import Logging

/// Says on standard error what `tail` is doing. A person at a terminal sees that it follows, and at once when the gateway
/// goes and comes; a program that reads standard error gets failures alone, the first one and then one a minute.
struct TailWatch {
  private let address: String
  private let probe: HTTPExecutor

  /// How often the gateway is looked at.
  private static let interval: Duration = .seconds(2)

  init(_ address: String, _ configuration: HTTPConfiguration) throws {
    self.address = address
    var configuration = configuration
    configuration.retry = .never
    configuration.callDeadline = .seconds(5)
    probe = try HTTPExecutor(baseURL: address, configuration: configuration)
  }

  private static let isTerminal = isatty(STDERR_FILENO) == 1

  /// The logger of the follower, which is where failures are said if there is no terminal.
  static var logger: Logger {
    Logger(label: "evento.http") { label -> any LogHandler in
      guard !isTerminal else { return SwiftLogNoOpLogHandler() }
      return StreamLogHandler(label: label, stream: LogOutput(label: label))
    }
  }

  /// Says at once if the gateway can't be reached, before it is tried again.
  func begin() async throws {
    if let failure = try await failure() { say("\(failure) Trying again …") }
  }

  /// Says when the gateway goes and comes, until the task is cancelled.
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
        // Cancelled; or refused, which the follower says as its own error.
        return
      }
    }
  }

  /// - Returns: `nil` if it answers.
  /// - Throws: what waiting does not mend.
  private func failure() async throws -> String? {
    do {
      _ = try await probe.read([], routingKey: .all, args: .forward(first: 0))
      return nil
    } catch let error as EventoError where error.isPassing {
      return error.detail
    }
  }

  private func say(_ text: String) {
    StandardError.write("\(TerminalText.escaped(text))\n")
  }
}
