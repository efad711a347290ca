internal import ByteCoding

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

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

extension PeerAddress {
  /// Parses an address without a port; a mapped one (`::ffff:192.0.2.1`) becomes the IPv4 address.
  ///
  /// - Returns: `nil` for anything else, including a name.
  package init?(ip text: String) {
    var v4 = in_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      self = .ipv4(UInt32(bigEndian: v4.s_addr), port: 0)
      return
    }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, text, &v6) == 1 else { return nil }
    // The address is aligned to four bytes (RFC 3493 §3.2 requires no more).
    let (high, low) = withUnsafeBytes(of: v6) { bytes in
      (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    if high == 0, low >> 32 == 0xFFFF {
      self = .ipv4(UInt32(truncatingIfNeeded: low), port: 0)
    } else {
      self = .ipv6(high, low, port: 0)
    }
  }
}
