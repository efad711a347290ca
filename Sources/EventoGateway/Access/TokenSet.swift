internal import ByteCoding
internal import Evento

/// The tokens that a gateway accepts, only as their SHA-256: a reader of the file, or of the memory, can't use them.
package struct TokenSet: Sendable {
  /// One token of the file. It is an object, because every request with the token holds it.
  package final class Entry: Sendable {
    package let name: String
    package let role: Role
    fileprivate let digest: [UInt8]

    fileprivate init(name: String, role: Role, digest: [UInt8]) {
      self.name = name
      self.role = role
      self.digest = digest
    }
  }

  package let entries: [Entry]

  /// Reads a token file. It has a line `<name> <role> sha256:<64 hex digits of the token's SHA-256>` for each token.
  /// Empty lines, lines that begin with `#` and a byte order mark at the beginning are skipped.
  ///
  /// - Throws: ``TokenFileError`` for the first invalid line.
  package init(file text: String) throws(TokenFileError) {
    var entries: [Entry] = []
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let name = fields.first, !name.hasPrefix("#") else { continue }
      func error(_ detail: String) -> TokenFileError { TokenFileError(line: index + 1, detail: detail) }
      // It is invisible, and would be part of the name.
      guard !line.unicodeScalars.contains("\u{FEFF}") else {
        throw error("has a byte order mark (U+FEFF), which is allowed only at the beginning of the file")
      }
      guard fields.count == 3 else {
        throw error("has \(fields.count) fields, but must have three: <name> <role> sha256:<64 hex digits>")
      }
      guard let role = Role(rawValue: String(fields[1])) else {
        throw error("has the role \"\(fields[1])\", but the role must be read, write or admin")
      }
      guard let digest = Self.digest(fields[2]) else {
        throw error("must end in sha256: and the 64 hexadecimal digits of the token's SHA-256")
      }
      if entries.contains(where: { $0.name.isExactly(String(name)) }) {
        throw error("has the name \"\(name)\" again, but each token must have its own name")
      }
      if entries.contains(where: { $0.digest == digest }) {
        throw error("has the digest of an earlier token, but each token must have its own")
      }
      entries.append(Entry(name: String(name), role: role, digest: digest))
    }
    self.entries = entries
  }

  private static func digest(_ field: Substring) -> [UInt8]? {
    let prefix = "sha256:"
    guard field.hasPrefix(prefix), let digest = Hex.decode(field.utf8.dropFirst(prefix.utf8.count)),
      digest.count == SHA256.length
    else { return nil }
    return digest
  }

  /// Returns a new token: 256 bits of the system's random numbers, as text that fits into a header.
  package static func makeToken() -> String {
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    return "evt_" + Base64.url.encode(bytes)
  }

  /// The maximum size of a token in a request, in bytes. Those of ``makeToken()`` have 47.
  static let maximumTokenLength = 4096

  /// Returns the line of a token file for a token.
  package static func line(name: String, role: Role, token: String) -> String {
    "\(name) \(role.rawValue) sha256:\(Hex.encode(SHA256.digest(Array(token.utf8))))"
  }

  /// Returns the entry of a token. It compares all entries, and each digest to its end, so that the time does not
  /// depend on the token.
  ///
  /// - Complexity: O(*n*) in the number of tokens.
  func entry(of token: ArraySlice<UInt8>) -> Entry? {
    let digest = SHA256.digest(Array(token))
    var found: Entry?
    for entry in entries {
      // The parentheses matter: `|` and `^` have the same precedence.
      let difference = zip(entry.digest, digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
      if difference == 0 { found = entry }
    }
    return found
  }

  /// Returns the current role of a token that was found before; `nil` if it is no longer valid.
  func role(of entry: Entry) -> Role? {
    entries.first { $0 === entry || $0.digest == entry.digest }?.role
  }
}

/// The error of an invalid line in a token file.
package struct TokenFileError: Error, Equatable, CustomStringConvertible {
  /// The number of the line, from 1.
  package let line: Int
  package let detail: String

  package var description: String { "line \(line) \(detail)" }
}
