internal import ByteCoding

/// Addresses with the same first bits, such as `10.0.0.0/8` (RFC 4632 §3.1, RFC 4291 §2.3); or all Unix sockets.
package struct AddressRange: Sendable, Hashable {
  private let address: PeerAddress
  private let prefix: Int

  /// - Returns: `nil` for anything but an IPv4 or IPv6 address, optionally with `/` and a number of bits, or `unix`.
  package init?(_ text: String) {
    if text == "unix" {
      address = .unix
      prefix = 0
      return
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let address = PeerAddress(ip: String(parts[0])) else { return nil }
    let width = address.bytes.count * 8
    var prefix = width
    if parts.count == 2 {
      guard let bits = Int64(digits: parts[1].utf8), bits <= width else { return nil }
      prefix = Int(bits)
    }
    self.address = address
    self.prefix = prefix
  }

  package func contains(_ peer: PeerAddress) -> Bool {
    switch (address, peer) {
    // A shift by all bits leaves nothing.
    case (.ipv4(let own, _), .ipv4(let other, _)): (own ^ other) >> (32 - prefix) == 0
    case (.ipv6(let high, let low, _), .ipv6(let otherHigh, let otherLow, _)):
      (high ^ otherHigh) >> (64 - min(prefix, 64)) == 0 && (low ^ otherLow) >> (128 - max(prefix, 64)) == 0
    case (.unix, .unix): true
    default: false
    }
  }
}
