internal import ArgumentParser
internal import Foundation

/// Options from environment variables. Every option of `serve` has one: `--max-body-bytes` is `EVENTO_MAX_BODY_BYTES`.
/// So have the options for the database of `backup`, `restore`, `stats` and `verify`, so that in a container they use the
/// database that is served there.
///
/// The variable of an absent option becomes an argument, so that names, defaults and checks are only in the options
/// themselves. An option that can be repeated has its values in the variable, separated by commas.
enum EnvironmentArguments {
  static let prefix = "EVENTO_"

  /// A variable as arguments.
  struct GivenVariable {
    let name: String
    let option: String
    let arguments: [String]
    /// The error in the value, if it can be found without the option.
    var error: String?
  }

  /// Returns the variables of the environment for a command, except those that its arguments override.
  static func variables(notIn arguments: [String], environment: [String: String]) -> [GivenVariable] {
    guard let command = arguments.first else { return [] }
    let given = Set(arguments.dropFirst().map { $0.prefix { $0 != "=" } })
    return options(ofCommand: command).compactMap { option in
      guard let value = environment[option.variable], !value.isEmpty, !isServiceLink(option.variable, value),
        !alternatives(to: option.argument).contains(where: { given.contains($0[...]) })
      else { return nil }
      let arguments: [String]
      var error: String?
      switch option.kind {
      case .value: arguments = ["\(option.argument)=\(value)"]
      case .values: arguments = value.split(separator: ",").map { "\(option.argument)=\($0)" }
      case .flag:
        switch value.lowercased() {
        case "1", "true", "yes": arguments = [option.argument]
        case "0", "false", "no": arguments = []
        default: (arguments, error) = ([], "\(option.variable) must be true or false, but is \"\(value)\".")
        }
      }
      return GivenVariable(name: option.variable, option: option.argument, arguments: arguments, error: error)
    }
  }

  /// Returns the name by which the user gave an option: its variable if that is in effect, or the option itself.
  static func givenName(of option: String) -> String {
    variables(
      notIn: Array(CommandLine.arguments.dropFirst()), environment: ProcessInfo.processInfo.environment
    ).first { $0.option == option }?.name ?? option
  }

  /// Returns variables that start like the gateway's but are unknown: a typo must not go unnoticed.
  static func unknown(in environment: [String: String]) -> [String] {
    let known = Set(options.map(\.variable) + ["EVENTO_URL", "EVENTO_TOKEN"])
    return environment.filter { name, value in
      name.hasPrefix(prefix) && !known.contains(name) && !isServiceLink(name, value)
    }.keys.sorted()
  }

  /// Returns variables that Kubernetes sets for a Service whose name begins with `evento`:
  /// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
  static func serviceLinks(in environment: [String: String]) -> [String] {
    environment.filter { isServiceLink($0, $1) }.keys.sorted()
  }

  private static func isServiceLink(_ name: String, _ value: String) -> Bool {
    guard name.hasPrefix(prefix) else { return false }
    if name.hasSuffix("_PORT"), ["tcp://", "udp://", "sctp://"].contains(where: value.hasPrefix) { return true }
    return name.wholeMatch(of: /.+_SERVICE_(HOST|PORT|PORT_.+)/) != nil
      || name.wholeMatch(of: /.+_PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?/) != nil
  }

  private enum Kind {
    case value
    case values
    case flag
  }

  private struct Known {
    let argument: String
    let variable: String
    let kind: Kind
  }

  /// Returns the options that override the variable of an option: itself, and the others that name a store.
  private static func alternatives(to option: String) -> [String] {
    databaseOptions.contains(option) ? databaseOptions + ["--url"] : [option]
  }

  private static let databaseOptions = [ServeCommand.databaseNames.database, ServeCommand.databaseNames.urlFile]

  private static func options(ofCommand name: String) -> [Known] {
    switch name {
    case ServeCommand.configuration.commandName: options
    case BackupCommand.configuration.commandName, RestoreCommand.configuration.commandName,
      VerifyCommand.configuration.commandName:
      options.filter { databaseOptions.contains($0.argument) }
    case StatsCommand.configuration.commandName:
      options.filter { (databaseOptions + [ServeCommand.databaseNames.schema]).contains($0.argument) }
    default: []
    }
  }

  /// Found by the property wrappers of the command and of its option groups.
  private static let options: [Known] = options(of: ServeCommand())

  private static func options(of value: Any) -> [Known] {
    Mirror(reflecting: value).children.flatMap { child -> [Known] in
      guard let label = child.label, label.hasPrefix("_") else { return [] }
      if let group = child.value as? any OptionGroupProtocol { return options(of: group.freshOptions) }
      let words = label.dropFirst().reduce(into: "") { text, character in
        text += character.isUppercase ? "-" + character.lowercased() : String(character)
      }
      let variable = prefix + String(words.map { $0 == "-" ? "_" : $0 }).uppercased()
      let kind: Kind = child.value is Flag<Bool> ? .flag : child.value is Option<[String]> ? .values : .value
      return [Known(argument: "--" + words, variable: variable, kind: kind)]
    }
  }
}

/// Gives access to an option group of any type.
private protocol OptionGroupProtocol {
  var freshOptions: Any { get }
}

extension OptionGroup: OptionGroupProtocol {
  var freshOptions: Any { Value() }
}
