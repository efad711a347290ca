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
      Self.end(with: error)
    }
  }

  /// Ends the process with what it prints for an error of the parser or of a command: help and the version on standard
  /// output, errors on standard error.
  static func end(with error: any Error) -> Never {
    let code = EventoGatewayCommand.exitCode(for: error)
    let text = EventoGatewayCommand.fullMessage(for: error)
    guard !text.isEmpty else { Foundation.exit(code.rawValue) }
    do {
      if code.isSuccess { try StandardOutput.print(text) } else { StandardError.write("\(text)\n") }
      Foundation.exit(code.rawValue)
    } catch {
      StandardError.write("Error: \(error)\n")
      Foundation.exit(EXIT_FAILURE)
    }
  }

  /// Ends the process with what is wrong with its settings.
  ///
  /// - Parameter fault: may have lines, as the parser breaks them.
  static func refuse(_ fault: String, command: String?) -> Never {
    let lines = fault.split(separator: "\n", omittingEmptySubsequences: false).map { TerminalText.escaped($0) }
    StandardError.write("Error: \(lines.joined(separator: "\n"))\n  See 'evento-gateway \(command ?? "") --help'.\n")
    Foundation.exit(ExitCode.validationFailure.rawValue)
  }

  private func parse(_ settings: [EnvironmentArguments.Setting]) throws -> any ParsableCommand {
    try EventoGatewayCommand.parseAsRoot(
      Array(arguments.prefix(1)) + settings.flatMap(\.arguments) + arguments.dropFirst())
  }

  /// Finds the variable that is at fault, and names it in the error in the place of its option.
  ///
  /// - Returns: `nil` if the fault is in the arguments.
  private func blame(_ settings: [EnvironmentArguments.Setting]) -> String? {
    guard (try? parse([])) != nil else { return nil }
    // One that is wrong by itself is named, and not what else is wrong. Several may be wrong only together.
    for blamed in settings.map({ [$0] }) + [settings] {
      do {
        _ = try parse(blamed)
      } catch {
        return Self.message(of: error, naming: blamed)
      }
    }
    return nil
  }

  private static func message(of error: any Error, naming settings: [EnvironmentArguments.Setting]) -> String {
    EventoGatewayCommand.message(for: error).replacing(/'?(--[a-z-]+)( <[a-z-]+>)?'?/) { match in
      settings.first { $0.option == match.output.1 }?.variable ?? String(match.output.0)
    }
  }
}
