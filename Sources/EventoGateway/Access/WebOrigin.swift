/// Where a web page comes from: scheme, host and port (RFC 6454 §4).
public struct WebOrigin: Sendable, Hashable {
  let scheme: String
  let authority: Authority

  /// As browsers write it (RFC 6454 §6.2): `https://app.example.org`, with a port where it is not the scheme's own.
  /// - Returns: `nil` for anything else, `null` and a URL with a path among it.
  public init?(_ text: String) {
    guard let mark = text.firstRange(of: "://") else { return nil }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https",
      let authority = Authority(text[mark.upperBound...], defaultPort: Authority.defaultPort(of: scheme))
    else { return nil }
    self.init(scheme: scheme, authority: authority)
  }

  init(scheme: String, authority: Authority) {
    self.scheme = scheme
    self.authority = authority
  }
}

/// A host and a port, as in `Host` and behind the `//` of a URL (RFC 9110 §7.2).
struct Authority: Sendable, Hashable {
  /// In lower case; an IPv6 address without its brackets.
  let host: String
  let port: UInt16?

  /// - Returns: `nil` where it is neither `host` nor `host:port`.
  init?(_ text: some StringProtocol, defaultPort: UInt16? = nil) {
    let text = text.lowercased()
    var rest = text[...]
    if rest.first == "[" {
      guard let end = rest.firstIndex(of: "]") else { return nil }
      host = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
    } else {
      let end = rest.firstIndex(of: ":") ?? rest.endIndex
      host = String(rest[..<end])
      rest = rest[end...]
    }
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "/?#@[]".contains($0) }) else { return nil }
    if rest.isEmpty || rest == ":" {
      port = defaultPort
    } else {
      let digits = rest.dropFirst()
      guard rest.first == ":", digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = UInt16(digits) else {
        return nil
      }
      port = number
    }
  }

  static func defaultPort(of scheme: String) -> UInt16 {
    scheme == "https" ? 443 : 80
  }

  /// Whether the host is a name or an address of the machine itself (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
  var isLoopback: Bool {
    if host == "localhost" || host.hasSuffix(".localhost") || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
