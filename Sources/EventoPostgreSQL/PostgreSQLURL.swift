internal import Evento

/// A connection URL of PostgreSQL, which can have a password in it:
/// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING-URIS
package struct PostgreSQLURL: Sendable, CustomStringConvertible {
  /// The URL as given, for libpq alone.
  package let text: String

  /// - Returns: `nil` if the text does not begin like such a URL.
  package init?(_ text: String) {
    guard ["postgresql://", "postgres://"].contains(where: text.hasPrefix) else { return nil }
    self.text = text
  }

  /// The URL without passwords and parameters, for people. If it is not clear where its password ends, for example
  /// because of an unescaped "@", nothing of it.
  package var description: String {
    guard let parts else { return "a PostgreSQL database" }
    return parts.scheme + (parts.user.isEmpty ? "" : "\(parts.user)@") + parts.location
  }

  /// True if the URL has a password, or may have one.
  package var hasPassword: Bool {
    guard let parts else { return true }
    return parts.hasPassword || text.contains("password=")
  }

  /// - Throws: `invalid_request` if a part of a password could be taken for a host or a database. It quotes nothing.
  func check() throws(EventoError) {
    guard !text.utf8.contains(0) else { throw .invalidURL("It contains a NUL character.") }
    guard parts != nil else {
      throw .invalidURL("Percent-encode the special characters in its user and password: \"@\" as %40, \"/\" as %2F.")
    }
  }

  private struct Parts {
    let scheme: Substring
    let user: Substring
    let hasPassword: Bool
    /// The hosts with their ports, and the database.
    let location: Substring

    /// `nil` if another reader could split the URL elsewhere.
    var unambiguous: Parts? { user.contains("?") || location.contains("@") ? nil : self }
  }

  /// As libpq splits it: an "@" before any "/" ends the user and password.
  ///
  /// - Returns: `nil` if the URL has another "@" before its parameters, or a "?" in its user.
  private var parts: Parts? {
    let scheme = text.prefix { $0 != "/" } + "//"
    let rest = text[scheme.endIndex...]
    let end = rest.firstIndex { $0 == "@" || $0 == "/" }
    guard let end, rest[end] == "@" else {
      return Parts(scheme: scheme, user: "", hasPassword: false, location: rest.prefix { $0 != "?" }).unambiguous
    }
    let account = rest[..<end]
    let user = account.prefix { $0 != ":" }
    return Parts(
      scheme: scheme, user: user, hasPassword: account.count > user.count + 1,
      location: rest[rest.index(after: end)...].prefix { $0 != "?" }
    ).unambiguous
  }
}

extension EventoError {
  static func invalidURL(_ advice: String) -> EventoError {
    EventoError(.invalidRequest, "The database URL is not a valid PostgreSQL URL. \(advice)")
  }
}
