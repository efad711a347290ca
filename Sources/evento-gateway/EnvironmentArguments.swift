internal import ArgumentParser

/// Every option of `serve` is an environment variable too: `--max-body-bytes` is `EVENTO_MAX_BODY_BYTES`.
///
/// Variables become arguments that stand before those that were given, and of an option that is given twice the last
/// one counts. So names, defaults and checks are in one place: the options themselves.
enum EnvironmentArguments {
  static let prefix = "EVENTO_"

  static func add(to arguments: [String], environment: [String: String]) -> [String] {
    guard arguments.first == ServeCommand.configuration.commandName else { return arguments }
    let added = options.flatMap { option -> [String] in
      guard let value = environment[option.variable], !value.isEmpty else { return [] }
      guard option.isFlag else { return ["\(option.argument)=\(value)"] }
      return ["1", "true", "yes"].contains(value.lowercased()) ? [option.argument] : []
    }
    return [arguments[0]] + added + arguments.dropFirst()
  }

  /// Variables that look like ours and are none: a typo must not go unnoticed.
  static func unknown(in environment: [String: String]) -> [String] {
    let known = Set(options.map(\.variable) + ["EVENTO_URL", "EVENTO_TOKEN"])
    return environment.keys.filter { $0.hasPrefix(prefix) && !known.contains($0) }.sorted()
  }

  private struct Option {
    let argument: String
    let variable: String
    let isFlag: Bool
  }

  /// Found by the property wrappers of the command and of its option groups.
  private static let options: [Option] = options(of: ServeCommand())

  private static func options(of value: Any) -> [Option] {
    Mirror(reflecting: value).children.flatMap { child -> [Option] in
      guard let label = child.label, label.hasPrefix("_") else { return [] }
      if let group = child.value as? any OptionGroupProtocol { return options(of: group.freshOptions) }
      let words = label.dropFirst().reduce(into: "") { text, character in
        text += character.isUppercase ? "-" + character.lowercased() : String(character)
      }
      let variable = prefix + String(words.map { $0 == "-" ? "_" : $0 }).uppercased()
      return [Option(argument: "--" + words, variable: variable, isFlag: child.value is Flag<Bool>)]
    }
  }
}

/// Looks into an option group whatever it is of.
private protocol OptionGroupProtocol {
  var freshOptions: Any { get }
}

extension OptionGroup: OptionGroupProtocol {
  var freshOptions: Any { Value() }
}
