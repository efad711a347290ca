/// A connection URL of PostgreSQL, which can have a password in it:
/// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS
struct PostgreSQLURL: Sendable, CustomStringConvertible {
  /// The URL as given, for libpq alone.
  let text: String

  /// - Returns: `nil` if the text does not begin like such a URL.
  init?(_ text: String) {
    guard Self.schemes.contains(where: text.hasPrefix) else { return nil }
    self.text = text
  }

  private static let schemes = ["postgresql://", "postgres://"]

  /// The URL without passwords and parameters, for people. If it is not clear where its password ends, for example
  /// because of an unescaped "@", nothing of it.
  var description: String {
    guard let parts else { return "a PostgreSQL database" }
    return parts.scheme + (parts.user.isEmpty ? "" : "\(parts.user)@") + parts.location
  }

  /// True if the URL has a password, or may have one.
  var hasPassword: Bool {
    guard let parts else { return true }
    return parts.hasPassword || text.contains("password=")
  }

  private struct Parts {
    let scheme: Substring
    let user: Substring
    let hasPassword: Bool
    /// The hosts with their ports, and the database.
    let location: Substring
  }

  /// - Returns: `nil` if the URL has an "@" that does not end the user and password.
  private var parts: Parts? {
    let scheme = text.prefix { $0 != "/" } + "//"
    let rest = text[scheme.endIndex...]
    guard let at = rest.firstIndex(of: "@") else {
      return Parts(scheme: scheme, user: "", hasPassword: false, location: rest.prefix { $0 != "?" })
    }
    let (account, location) = (rest[..<at], rest[rest.index(after: at)...])
    guard !account.contains("/"), !account.contains("?"), !location.contains("@") else { return nil }
    let user = account.prefix { $0 != ":" }
    return Parts(
      scheme: scheme, user: user, hasPassword: account.count > user.count + 1, location: location.prefix { $0 != "?" })
  }

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
