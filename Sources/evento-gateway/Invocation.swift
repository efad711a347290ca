internal import ArgumentParser
internal import Foundation

/// What the command was started with: arguments, and settings of the environment.
struct Invocation {
  private let arguments: [String]
  private let environment: [String: String]

  init(_ arguments: [String], environment: [String: String]) {
    self.arguments = arguments
    self.environment = environment
  }

  /// The command that they name. If they are no command, or ask for help, the process prints that and ends.
  func command() -> any ParsableCommand {
    let settings = EnvironmentArguments.settings(notIn: arguments, environment: environment)
    do {
      let command = try parse(settings)
      if let fault = settings.lazy.compactMap(\.fault).first { Self.refuse(fault, command: arguments.first) }
      return command
    } catch {
      if EventoGatewayCommand.exitCode(for: error) == .validationFailure, let fault = blame(settings) {
        Self.refuse(fault, command: arguments.first)
      }
      EventoGatewayCommand.exit(withError: error)
    }
  }

  /// Ends the process with what is wrong with its settings.
  ///
  /// - Parameter fault: may have lines, as the parser breaks them.
  static func refuse(_ fault: String, command: String?) -> Never {
    let lines = fault.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText.escaped($0) }
    let text = "Error: \(lines.joined(separator: "\n"))\n  See 'evento-gateway \(command ?? "") --help'.\n"
    FileHandle.standardError.write(Data(text.utf8))
    Foundation.exit(ExitCode.validationFailure.rawValue)
  }

  private func parse(_ settings: [EnvironmentArguments.Setting]) throws -> any ParsableCommand {
    try EventoGatewayCommand.parseAsRoot(
      Array(arguments.prefix(1)) + settings.flatMap(\.arguments) + arguments.dropFirst())
  }

  /// Finds the variable that is at fault, and says so by its own name.
  ///
  /// - Returns: `nil` if the fault is in the arguments.
  private func blame(_ settings: [EnvironmentArguments.Setting]) -> String? {
    guard (try? parse([])) != nil else { return nil }
    for setting in settings {
      do {
        _ = try parse([setting])
      } catch {
        return EventoGatewayCommand.message(for: error)
          .replacing(/'?(--[a-z-]+)( <[a-z-]+>)?'?/) { match in
            match.output.1 == setting.option ? setting.variable : String(match.output.0)
          }
      }
    }
    return nil
  }
}
