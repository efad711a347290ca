internal import HTTPServer

/// Where a web page comes from: scheme, host and port (RFC 6454 §4).
public struct WebOrigin: Sendable, Hashable {
  let scheme: String
  let authority: Authority

  /// As browsers write it (RFC 6454 §6.2): `https://app.example.org`, with a port where it is not the scheme's own.
  /// - Returns: `nil` for anything else, `null` and a URL with a path among it.
  public init?(_ text: String) {
    guard text.utf8.count <= Authority.maximumLength + "https://".utf8.count, let mark = text.firstRange(of: "://")
    else {
      return nil
    }
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

  /// Bytes of a name of the domain name system (RFC 1035 §2.3.4), with a port.
  static let maximumLength = 255 + ":65535".utf8.count

  /// - Returns: `nil` if it is neither `host` nor `host:port`, or longer than a name can be.
  init?(_ text: some StringProtocol, defaultPort: UInt16? = nil) {
    guard text.utf8.count <= Self.maximumLength else { return nil }
    // By bytes: every request has a `Host`, and to look at its characters would cost more than the rest of its head.
    let bytes = Array(text.lowercased().utf8)
    let end: Int
    if bytes.first == UInt8(ascii: "[") {
      // A literal of a later version than IPv6 (RFC 3986 §3.2.2) is nothing that the gateway is known by.
      guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")), bytes[1] != UInt8(ascii: "v") else { return nil }
      host = String(decoding: bytes[1..<bracket], as: UTF8.self)
      end = bracket + 1
    } else {
      end = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.count
      host = String(decoding: bytes[..<end], as: UTF8.self)
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !Self.delimiters.contains($0) }) else {
      return nil
    }
    let rest = bytes[end...]
    if rest.isEmpty || rest.elementsEqual([UInt8(ascii: ":")]) {
      port = defaultPort
    } else {
      let digits = rest.dropFirst()
      guard rest.first == UInt8(ascii: ":"), digits.allSatisfy({ 0x30...0x39 ~= $0 }),
        let number = UInt16(String(decoding: digits, as: UTF8.self))
      else { return nil }
      port = number
    }
  }

  private static let delimiters = Array("/?#@[]".utf8)

  static func defaultPort(of scheme: String) -> UInt16 {
    scheme == "https" ? 443 : 80
  }

  /// The host without the point that a name may end in: it is the same name (RFC 1034 §3.1).
  var name: HostName { HostName(known: host.hasSuffix(".") ? String(host.dropLast()) : host) }
}

/// A host by its name or its address, whatever the port.
public struct HostName: Sendable, Hashable {
  let text: String

  /// As it stands in a URL: `store.example.org`, `192.0.2.1`, `[2001:db8::1]`.
  /// - Returns: `nil` for anything else, a host with a port among it.
  public init?(_ text: String) {
    let isBareIPv6 = text.contains(":") && PeerAddress(ip: text) != nil
    guard let authority = Authority(isBareIPv6 ? "[\(text)]" : text), authority.port == nil,
      isBareIPv6 || !text.hasSuffix(":")
    else { return nil }
    self = authority.name
    // What a `Host` can name here at all.
    guard !self.text.isEmpty, self.text.utf8.allSatisfy(Self.isAllowed) else { return nil }
  }

  fileprivate init(known text: String) {
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    0x61...0x7A ~= byte || 0x30...0x39 ~= byte || "-._~:".utf8.contains(byte)
  }

  /// Whether it is an address, which no name server can have point elsewhere.
  var isAddress: Bool { PeerAddress(ip: text) != nil }

  /// Whether it is a name or an address of the machine itself (RFC 6761 §6.3, RFC 1122 §3.2.1.3, RFC 4291 §2.5.3).
  var isLoopback: Bool {
    if text == "localhost" || text.hasSuffix(".localhost") || text == "::1" { return true }
    guard text.utf8.starts(with: "127.".utf8) else { return false }
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8(Substring($0)) != nil }
  }
}

/// Which values of `Host` a gateway serves.
///
/// A page whose own name an attacker's name server lets point to the gateway is of the same origin for the browser (DNS
/// rebinding), so that without tokens a name has to be one that the gateway is known by. An address can't be made to point
/// elsewhere.
public enum HostRule: Sendable {
  case any
  /// The names and addresses of the machine itself.
  case loopback
  /// The names of the machine itself, and all IP addresses.
  case addresses
}
