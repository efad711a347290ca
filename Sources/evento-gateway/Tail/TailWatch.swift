internal import Evento
internal import EventoHTTP
internal import Foundation

/// Tells a person at a terminal what `tail` is doing: that it follows, and when it can't reach the gateway. A program that
/// reads standard error gets errors alone.
struct TailWatch {
  private let address: String
  /// `nil` if there is no terminal.
  private let probe: HTTPExecutor?

  /// How often the gateway is looked at.
  private static let interval: Duration = .seconds(2)

  init(_ address: String, _ configuration: HTTPConfiguration) throws {
    self.address = address
    guard isatty(STDERR_FILENO) == 1 else {
      probe = nil
      return
    }
    var configuration = configuration
    configuration.retry = .never
    configuration.callDeadline = .seconds(5)
    probe = try HTTPExecutor(baseURL: address, configuration: configuration)
  }

  /// Says at once if the gateway can't be reached, before it is tried again.
  func begin() async throws {
    if let failure = try await failure() { say("\(failure) Trying again …") }
  }

  /// Says when the gateway goes and comes, until the task is cancelled.
  func run() async {
    guard probe != nil else { return }
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

  /// - Returns: `nil` if it answers, or is not looked at.
  /// - Throws: what waiting does not mend.
  private func failure() async throws -> String? {
    do {
      _ = try await probe?.read([], routingKey: .all, args: .forward(first: 0))
      return nil
    } catch let error as EventoError where error.isPassing {
      return error.detail
    }
  }

  private func say(_ text: String) {
    FileHandle.standardError.write(Data("\(TerminalText.escaped(text))\n".utf8))
  }
}
