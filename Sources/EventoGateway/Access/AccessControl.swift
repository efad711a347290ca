internal import Evento
internal import HTTPServer
internal import Synchronization

/// Who may do what.
final class AccessControl: Sendable {
  /// `nil`: there are no tokens, and everybody may do everything.
  private let tokens: Mutex<TokenSet?>

  init(_ tokens: TokenSet?) {
    self.tokens = Mutex(tokens)
  }

  func replaceTokens(_ new: TokenSet?) {
    tokens.withLock { $0 = new }
  }

  /// - Returns: the token that a request was sent with; `nil` where there are none.
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
    // Before it is hashed, which takes time in proportion to its length.
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

  /// - Parameter token: `nil` where there are none.
  /// - Throws: `forbidden`.
  static func check(_ token: TokenSet.Entry?, needs role: Role) throws(EventoError) {
    guard let token, token.role < role else { return }
    throw EventoError(
      .forbidden,
      "The token \"\(token.name)\" has the role \(token.role.rawValue), but this request requires \(role.rawValue).")
  }

  /// For what lasts: whether what was allowed once is so by now.
  ///
  /// - Parameter token: that ``token(of:)`` returned.
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
