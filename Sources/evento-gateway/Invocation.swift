internal import ArgumentParser
internal import ByteCoding
internal import Evento
internal import Foundation

/// The input of a command: its arguments, and the variables of the environment.
struct Invocation {
  private let arguments: [String]
  private let environment: [String: String]

  init(_ arguments: [String], environment: [String: String]) {
    self.arguments = arguments
    self.environment = environment
  }

  /// Parses the arguments. If they are invalid, or request help, the process prints that and ends.
  func command() -> any ParsableCommand {
    let variables = EnvironmentArguments.variables(notIn: arguments, environment: environment)
    do {
      let command = try parse(variables)
      if let error = variables.lazy.compactMap(\.error).first { Self.refuse(error, command: arguments.first) }
      return command
    } catch {
      if EventoGatewayCommand.exitCode(for: error) == .validationFailure, let message = errorMessage(naming: variables)
      {
        Self.refuse(message, command: arguments.first)
      }
      Self.end(with: error)
    }
  }

  /// Ends the process with the output for an error of the parser or a command: help and the version on standard output,
  /// errors on standard error.
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

  /// Ends the process with an error in its settings.
  ///
  /// - Parameter message: The error, which may contain line breaks from the parser.
  static func refuse(_ message: String, command: String?) -> Never {
    let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { PrintableText.escaped($0) }
    StandardError.write("Error: \(lines.joined(separator: "\n"))\n  See 'evento-gateway \(command ?? "") --help'.\n")
    Foundation.exit(ExitCode.validationFailure.rawValue)
  }

  private func parse(_ variables: [EnvironmentArguments.GivenVariable]) throws -> any ParsableCommand {
    try EventoGatewayCommand.parseAsRoot(
      Array(arguments.prefix(1)) + variables.flatMap(\.arguments) + arguments.dropFirst())
  }

  /// Finds the variable with the error, and names it in the text instead of its option.
  ///
  /// - Returns: `nil` if the error is in the arguments.
  private func errorMessage(naming variables: [EnvironmentArguments.GivenVariable]) -> String? {
    guard (try? parse([])) != nil else { return nil }
    // A variable that is invalid by itself is named alone. Several may be invalid only together.
    for suspects in variables.map({ [$0] }) + [variables] {
      do {
        _ = try parse(suspects)
      } catch {
        return Self.message(of: error, naming: suspects)
      }
    }
    return nil
  }

  private static func message(of error: any Error, naming variables: [EnvironmentArguments.GivenVariable]) -> String {
    EventoGatewayCommand.message(for: error).replacing(/'?(--[a-z-]+)( <[a-z-]+>)?'?/) { match in
      variables.first { $0.option == match.output.1 }?.name ?? String(match.output.0)
    }
  }
}

/// An error of a command's work as text for a person, without its code. Text from a gateway or a file is escaped.
struct PrintedError: Error, CustomStringConvertible {
  let description: String

  init(_ error: any Error) {
    description = PrintableText.escaped((error as? EventoError)?.detail ?? "\(error)")
  }
}
