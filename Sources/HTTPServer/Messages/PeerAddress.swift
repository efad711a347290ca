#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// The address from which a connection comes.
package enum PeerAddress: Sendable, Hashable {
  /// An IPv4 address in host byte order, also if it is mapped to IPv6 (`::ffff:…`).
  case ipv4(UInt32, port: UInt16)
  /// The two halves of an IPv6 address in host byte order.
  case ipv6(UInt64, UInt64, port: UInt16)
  /// A Unix socket of this machine.
  case unix

  /// The address without port, such as `192.0.2.1` or `2001:db8::1`; `unix` for a Unix socket.
  package var host: String {
    switch self {
    case .ipv4(let address, _): Self.text(address)
    case .ipv6(let high, let low, _): Self.text(high, low)
    case .unix: "unix"
    }
  }

  /// The port; nil for a Unix socket.
  package var port: UInt16? {
    switch self {
    case .ipv4(_, let port), .ipv6(_, _, let port): port
    case .unix: nil
    }
  }

  /// The address in network byte order: 4 bytes, 16, or none for a Unix socket.
  package var bytes: [UInt8] {
    switch self {
    case .ipv4(let address, _): Self.bytes(of: address)
    case .ipv6(let high, let low, _): Self.bytes(of: high) + Self.bytes(of: low)
    case .unix: []
    }
  }

  /// True if it is on this machine: 127.0.0.0/8 (RFC 1122 §3.2.1.3), `::1` (RFC 4291 §2.5.3), or a Unix socket.
  package var isLoopback: Bool {
    switch self {
    case .ipv4(let address, _): address >> 24 == 127
    case .ipv6(let high, let low, _): high == 0 && low == 1
    case .unix: true
    }
  }

  /// The address that counts as one peer for the limits: an IPv6 host has a /64 of its own.
  var limitKey: PeerAddress {
    switch self {
    case .ipv4(let address, _): .ipv4(address, port: 0)
    case .ipv6(let high, _, _): .ipv6(high, 0, port: 0)
    case .unix: .unix
    }
  }

  private static func bytes(of value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian, Array.init)
  }

  private static func text(_ address: UInt32) -> String {
    "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }

  /// RFC 5952: lower case, no leading zeros, the first of the longest runs of two or more zero groups as `::`.
  private static func text(_ high: UInt64, _ low: UInt64) -> String {
    let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> $0) } }
    var longest = 0..<0
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start > max(longest.count, 1) { longest = start..<end }
      start = end + 1
    }
    func joined(_ part: ArraySlice<UInt16>) -> String {
      part.map { String($0, radix: 16) }.joined(separator: ":")
    }
    guard !longest.isEmpty else { return joined(groups[...]) }
    return joined(groups[..<longest.lowerBound]) + "::" + joined(groups[longest.upperBound...])
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
    self.init(v6, port: 0)
  }

  /// - Parameter address: A mapped one becomes the IPv4 address (RFC 4291 §2.5.5.2).
  init(_ address: in6_addr, port: UInt16) {
    let (high, low) = withUnsafeBytes(of: address) { bytes in
      // It is aligned to four bytes (RFC 3493 §3.2 requires no more).
      (
        UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
        UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      )
    }
    if high == 0, low >> 32 == 0xFFFF {
      self = .ipv4(UInt32(truncatingIfNeeded: low), port: port)
    } else {
      self = .ipv6(high, low, port: port)
    }
  }
}

extension PeerAddress: CustomStringConvertible {
  /// Address and port, as in `192.0.2.1:51234` and `[2001:db8::1]:51234`.
  package var description: String {
    switch self {
    case .ipv4(_, let port): "\(host):\(port)"
    case .ipv6(_, _, let port): "[\(host)]:\(port)"
    case .unix: host
    }
  }
}
