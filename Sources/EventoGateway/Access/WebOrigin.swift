/// The origin of a web page: scheme, host and port (RFC 6454 §4).
package struct WebOrigin: Sendable, Hashable {
  let scheme: String
  let authority: HostAndPort

  /// Parses an origin as browsers write it (RFC 6454 §6.2): `https://app.example.org`, with a port unless it is the
  /// scheme's default.
  ///
  /// - Returns: `nil` for anything else, including `null` and a URL with a path.
  package init?(_ text: String) {
    guard text.utf8.count <= HostAndPort.maximumLength + "https://".utf8.count, let mark = text.firstRange(of: "://")
    else {
      return nil
    }
    let scheme = text[..<mark.lowerBound].lowercased()
    guard scheme == "http" || scheme == "https",
      let authority = HostAndPort(text[mark.upperBound...], defaultPort: HostAndPort.defaultPort(of: scheme))
    else { return nil }
    self.init(scheme: scheme, authority: authority)
  }

  init(scheme: String, authority: HostAndPort) {
    self.scheme = scheme
    self.authority = authority
  }
}
