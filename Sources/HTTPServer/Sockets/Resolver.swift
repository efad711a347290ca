#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Resolves names to addresses.
enum Resolver {
  /// Returns every address to listen on for a host, without duplicates.
  ///
  /// - Throws: ``SystemError/Subject/lookUp`` if a name has none, or the look-up fails.
  static func addresses(of host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = SocketType.stream
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, "\(port)", &hints, &found)
    let operation = "look up the host \"\(host)\""
    if code == EAI_SYSTEM { throw SystemError(operation, errno) }
    guard code == 0, let first = found else { throw SystemError(operation, code == 0 ? EAI_NONAME : code, on: .lookUp) }
    defer { freeaddrinfo(first) }
    var addresses: [SocketAddress] = []
    var seen: Set<PeerAddress> = []
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let entry = next {
      next = entry.pointee.ai_next
      guard let pointer = entry.pointee.ai_addr else { continue }
      let address = SocketAddress(pointer, length: entry.pointee.ai_addrlen)
      if address.family == AF_INET || address.family == AF_INET6, seen.insert(address.peer).inserted {
        addresses.append(address)
      }
    }
    return addresses
  }
}

extension SocketAddress {
  /// Returns the same address with another port.
  func with(port: UInt16) -> SocketAddress {
    var storage = storage
    // The port is at the same position in sockaddr_in and sockaddr_in6.
    withUnsafeMutableBytes(of: &storage) { bytes in
      bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
    }
    return withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { SocketAddress($0, length: length) }
    }
  }
}
