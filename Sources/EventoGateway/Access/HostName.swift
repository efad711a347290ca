internal import ByteCoding
internal import HTTPServer

/// A host and a port, as in `Host` and after the `//` of a URL (RFC 9110 §7.2).
struct HostAndPort: Sendable, Hashable {
  /// The host in lower case; an IPv6 address without its brackets.
  let host: String
  let port: UInt16?

  /// The maximum length of a name of the domain name system (RFC 1035 §2.3.4) with a port, in bytes.
  static let maximumLength = 255 + ":65535".utf8.count

  /// - Returns: `nil` if it is neither `host` nor `host:port`, or longer than a name can be.
  init?(_ text: some StringProtocol, defaultPort: UInt16? = nil) {
    guard text.utf8.count <= Self.maximumLength else { return nil }
    // Processed as bytes: every request has a `Host`, and processing it as characters would cost more than the rest of
    // its head.
    let bytes = Array(text.lowercased().utf8)
    let end: Int
    if bytes.first == UInt8(ascii: "[") {
      // The gateway never has a literal of a later version than IPv6 (RFC 3986 §3.2.2) as its name.
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
      guard rest.first == UInt8(ascii: ":"), digits.allSatisfy(ASCII.isDigit),
        let number = UInt16(String(decoding: digits, as: UTF8.self))
      else { return nil }
      port = number
    }
  }

  private static let delimiters = Array("/?#@[]".utf8)

  static func defaultPort(of scheme: String) -> UInt16 {
    scheme == "https" ? 443 : 80
  }

  /// The host without the final dot that a name may have: it is the same name (RFC 1034 §3.1).
  var name: HostName { HostName(known: host.hasSuffix(".") ? String(host.dropLast()) : host) }
}

/// A host by its name or its address, with any port.
package struct HostName: Sendable, Hashable {
  let text: String

  /// The host as it is written in a URL: `store.example.org`, `192.0.2.1`, `[2001:db8::1]`.
  ///
  /// - Returns: `nil` for anything else, including a host with a port.
  package init?(_ text: String) {
    let isBareIPv6 = text.contains(":") && PeerAddress(ip: text) != nil
    guard let authority = HostAndPort(isBareIPv6 ? "[\(text)]" : text), authority.port == nil,
      isBareIPv6 || !text.hasSuffix(":")
    else { return nil }
    self = authority.name
    // The characters that a `Host` can have here.
    guard !self.text.isEmpty, self.text.utf8.allSatisfy(Self.isAllowed) else { return nil }
  }

  fileprivate init(known text: String) {
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || ASCII.isDigit(byte) || "-._~:".utf8.contains(byte)
  }

  /// True if it is an address, which no name server can redirect.
  var isAddress: Bool { PeerAddress(ip: text) != nil }

  /// True if it is a name or an address of the machine itself (RFC 6761 §6.3).
  var isLoopback: Bool {
    text == "localhost" || text.hasSuffix(".localhost") || PeerAddress(ip: text)?.isLoopback == true
  }
}
