internal import EventoPostgreSQL

extension PostgreSQLURL {
  /// Returns a text with the passwords of its URLs removed, such as an error that quotes an argument.
  static func redacted(_ text: String) -> String {
    guard text.contains("postgres") else { return text }
    // First, since an argument can have a space in its password.
    let given = CommandLine.arguments.compactMap { argument in
      argument.firstRange(of: "postgres").flatMap { PostgreSQLURL(String(argument[$0.lowerBound...])) }
    }
    let text = given.reduce(text) { text, url in text.replacing(url.text, with: url.description) }
    return text.replacing(/postgres(ql)?:\/\/\S*/) { match in
      PostgreSQLURL(String(match.output.0))?.description ?? ""
    }
  }
}
