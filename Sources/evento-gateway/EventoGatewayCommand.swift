internal import ArgumentParser
internal import Foundation

/// `evento-gateway`: an event store that any program can use with an HTTP client.
///
/// Not in a `main.swift`: closures there run on the main actor, and a Dispatch handler that is one traps.
@main
struct EventoGatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evento-gateway",
    abstract: "An event store behind HTTP and JSON, kept in SQLite.",
    subcommands: [
      ServeCommand.self, TailCommand.self, BackupCommand.self, RestoreCommand.self, TokenCommand.self,
      VersionCommand.self,
    ])

  static func main() async {
    let arguments = EnvironmentArguments.add(
      to: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment)
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      exit(withError: printed(error))
    }
  }

  /// An error of a command's work with its text escaped; help, and errors of the arguments, as they are.
  private static func printed(_ error: any Error) -> any Error {
    exitCode(for: error) == .failure && !(error is ExitCode) ? PrintedError(error) : error
  }
}

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

  func run() {
    print("evento-gateway \(Version.current)")
  }
}

enum Version {
  static let current = "0.1.0"
}
