internal import ArgumentParser
internal import Evento
internal import Foundation

/// `evento-gateway`: an event store that any program can use with an HTTP client.
struct EventoGatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evento-gateway",
    abstract: "An event store behind HTTP and JSON, in SQLite or PostgreSQL.",
    version: Version.text,
    subcommands: [
      ServeCommand.self, TailCommand.self, BackupCommand.self, RestoreCommand.self, CopyCommand.self,
      ExportCommand.self, ImportCommand.self, StatsCommand.self, VerifyCommand.self, EraseCommand.self,
      TokenCommand.self, VersionCommand.self,
    ])
}

/// The entry point of the process.
///
/// Not in a `main.swift`, because closures there run on the main actor, and a Dispatch handler that does so traps. Not
/// `async` either, because signals must be blocked while there is only one thread.
@main
enum Main {
  static func main() {
    StandardDescriptors.reserve()
    // Transferred to the task: nothing here uses it afterwards.
    nonisolated(unsafe) let command = Invocation(
      Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment
    ).command()
    if let type = type(of: command) as? any SignalHandling.Type { Signals.block(type.signals) }
    Task.detached { await run(command) }
    // Nothing here runs on the main actor. The process ends when the command has.
    DispatchSemaphore(value: 0).wait()
  }

  private static func run(_ command: sending any ParsableCommand) async -> Never {
    do {
      // Transferred to this task: no other one has it.
      nonisolated(unsafe) var command = command
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      exit(EXIT_SUCCESS)
    } catch let error as ValidationError {
      // An error in a setting, found when it was used. The parser would show the usage of the whole program.
      Invocation.refuse(error.message, command: CommandLine.arguments.dropFirst().first)
    } catch {
      Invocation.end(with: printed(error))
    }
  }

  /// Returns the error of a command's work as text for a person; help, and errors of the arguments, are unchanged.
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
