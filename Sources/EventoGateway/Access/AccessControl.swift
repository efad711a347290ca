internal import Evento
internal import HTTPServer
internal import Synchronization

/// Access control by tokens and their roles.
final class AccessControl: Sendable {
  /// The tokens; `nil` if there are none, so that every client has every permission.
  private let tokens: Mutex<TokenSet?>

  init(_ tokens: TokenSet?) {
    self.tokens = Mutex(tokens)
  }

  func replaceTokens(_ new: TokenSet?) {
    tokens.withLock { $0 = new }
  }

  /// - Returns: The token of the request; `nil` if the gateway has no tokens.
  /// - Throws: `unauthorized`.
  func token(of head: RequestHead) throws(EventoError) -> TokenSet.Entry? {
    guard let tokens = tokens.withLock({ $0 }) else { return nil }
    let credentials = head.headers.values(of: "authorization")
    guard !credentials.isEmpty else {
      throw EventoError(.unauthorized, "A token is required. Send Authorization: Bearer <token>.")
    }
    guard credentials.count == 1, let token = Self.bearerToken(credentials[0]) else {
      throw EventoError(.unauthorized, "The credentials are malformed. Send Authorization: Bearer <token>, once.")
    }
    // Checked before hashing, whose time is proportional to the length.
    guard token.count <= TokenSet.maximumTokenLength else {
      throw EventoError(
        .unauthorized,
        "The token has \(token.count) bytes, but the limit is \(TokenSet.maximumTokenLength). Get a valid one from the "
          + "gateway's operator.")
    }
    guard let entry = tokens.entry(of: token) else {
      throw EventoError(.unauthorized, "Unknown token. Get a valid one from the gateway's operator.")
    }
    return entry
  }

  /// - Parameter token: The token of the request; `nil` if the gateway has no tokens.
  /// - Throws: `forbidden`.
  static func check(_ token: TokenSet.Entry?, needs role: Role) throws(EventoError) {
    guard let token, token.role < role else { return }
    throw EventoError(
      .forbidden,
      "The token \"\(token.name)\" has the role \(token.role.rawValue), but this request requires \(role.rawValue).")
  }

  /// Re-checks a token for long-lived requests after a reload.
  ///
  /// - Parameter token: The value that ``token(of:)`` returned.
  func allows(_ token: TokenSet.Entry?, _ role: Role) -> Bool {
    guard let tokens = tokens.withLock({ $0 }) else { return true }
    guard let token, let found = tokens.role(of: token) else { return false }
    return found >= role
  }

  /// RFC 6750 §2.1; the scheme's case does not matter (RFC 9110 §11.1).
  private static func bearerToken(_ credentials: String) -> ArraySlice<UInt8>? {
    let (blank, bytes) = (UInt8(ascii: " "), Array(credentials.utf8))
    guard let end = bytes.firstIndex(of: blank), bytes[..<end].isEqual(ignoringCase: scheme) else { return nil }
    let token = bytes[end...].drop { $0 == blank }
    return token.isEmpty || token.contains(blank) ? nil : token
  }

  private static let scheme = Array("bearer".utf8)
}
