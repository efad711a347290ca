internal import ArgumentParser
internal import Evento
internal import Foundation

/// `evento-gateway`: an event store that any program can use with an HTTP client.
struct EventoGatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evento-gateway",
    abstract: "An event store behind HTTP and JSON, kept in SQLite.",
    version: Version.text,
    subcommands: [
      ServeCommand.self, TailCommand.self, BackupCommand.self, RestoreCommand.self, TokenCommand.self,
      VersionCommand.self,
    ])
}

/// Where the process begins.
///
/// Not in a `main.swift`: closures there run on the main actor, and a Dispatch handler that is one traps. Not `async`
/// either: signals have to be blocked while there is one thread.
@main
enum Main {
  static func main() {
    StandardDescriptors.reserve()
    // Handed over to the task whole: nothing here uses it any more by then.
    nonisolated(unsafe) let command = Invocation(
      Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment
    ).command()
    if let taker = type(of: command) as? any SignalTaker.Type { Signals.block(taker.signals) }
    Task.detached { await run(command) }
    // Nothing here runs on the main actor. The process ends when the command has.
    DispatchSemaphore(value: 0).wait()
  }

  private static func run(_ command: sending any ParsableCommand) async -> Never {
    do {
      // Sent here whole: no other task has it.
      nonisolated(unsafe) var command = command
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      exit(EXIT_SUCCESS)
    } catch let error as ValidationError {
      // Found when the settings were used. The parser would show the usage of the whole program.
      Invocation.refuse(error.message, command: CommandLine.arguments.dropFirst().first)
    } catch {
      Invocation.end(with: printed(error))
    }
  }

  /// An error of a command's work as a person reads it; help, and errors of the arguments, as they are.
  private static func printed(_ error: any Error) -> any Error {
    EventoGatewayCommand.exitCode(for: error) == .failure && !(error is ExitCode) ? PrintedError(error) : error
  }
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() throws {
    try StandardOutput.print(Version.text)
  }
}

enum Version {
  static let current = "0.1.0"
  static let text = "evento-gateway \(current)"
}
