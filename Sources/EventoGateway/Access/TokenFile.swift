internal import ByteCoding
internal import Evento

/// The tokens that a gateway takes, as their SHA-256 alone: who reads the file, or the memory, can't use them.
public struct TokenSet: Sendable {
  /// What a token is known by. An object, since every request of its bearer holds it.
  public final class Entry: Sendable {
    public let name: String
    public let role: Role
    fileprivate let digest: [UInt8]

    fileprivate init(name: String, role: Role, digest: [UInt8]) {
      self.name = name
      self.role = role
      self.digest = digest
    }
  }

  public let entries: [Entry]

  /// Reads a token file: a line `<name> <role> sha256:<64 hex digits of the token's SHA-256>` for each token; empty lines
  /// and lines that begin with `#` are skipped, and so is a byte order mark before all.
  ///
  /// - Throws: ``TokenFileError`` for the first bad line.
  public init(file text: String) throws(TokenFileError) {
    var entries: [Entry] = []
    let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (index, line) in lines.enumerated() {
      let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
      guard let name = fields.first, !name.hasPrefix("#") else { continue }
      func fault(_ detail: String) -> TokenFileError { TokenFileError(line: index + 1, detail: detail) }
      // It can't be seen, and would be part of the name.
      guard !line.unicodeScalars.contains("\u{FEFF}") else {
        throw fault("has a byte order mark (U+FEFF), which only the beginning of the file may have: remove it")
      }
      guard fields.count == 3 else {
        throw fault("has \(fields.count) fields; it takes three: <name> <role> sha256:<64 hex digits>")
      }
      guard let role = Role(rawValue: String(fields[1])) else {
        throw fault("names the role \"\(fields[1])\"; there are read, write and admin")
      }
      guard let digest = Self.digest(fields[2]) else {
        throw fault("must end in sha256: and the 64 hexadecimal digits of the token's SHA-256")
      }
      if entries.contains(where: { $0.name.isExactly(String(name)) }) {
        throw fault("names the token \"\(name)\" again: each needs a name of its own")
      }
      if entries.contains(where: { $0.digest == digest }) {
        throw fault("has the digest of an earlier token: each needs one of its own")
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

  /// The most bytes of a token that a request may send. Those that `token create` makes have 47.
  static let maximumTokenLength = 4096

  /// The line of a token file for a token.
  public static func line(name: String, role: Role, token: String) -> String {
    "\(name) \(role.rawValue) sha256:\(Hex.encode(SHA256.digest(Array(token.utf8))))"
  }

  /// The entry of a token. All are looked at, and each digest to its end, so that the time that it takes tells nothing.
  ///
  /// - Complexity: O(*n*) in the number of tokens.
  func entry(of token: ArraySlice<UInt8>) -> Entry? {
    let digest = SHA256.digest(Array(token))
    var found: Entry?
    for entry in entries {
      // The parentheses matter: `|` and `^` are of one precedence.
      let difference = zip(entry.digest, digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
      if difference == 0 { found = entry }
    }
    return found
  }

  /// What a token that was taken before allows by now; `nil` where it is none any more.
  func role(of entry: Entry) -> Role? {
    entries.first { $0 === entry || $0.digest == entry.digest }?.role
  }
}

/// A line of a token file that can't be taken.
public struct TokenFileError: Error, Equatable, CustomStringConvertible {
  /// From 1 on.
  public let line: Int
  public let detail: String

  public var description: String { "line \(line) \(detail)" }
}
