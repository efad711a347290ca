internal import CSocketPolling

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A socket that accepts connections once it listens.
final class Listener: Sendable {
  enum Acceptance: ~Copyable {
    case connection(Descriptor, PeerAddress)
    /// No connection waits, or no longer.
    case none
    /// A resource of the process or machine is exhausted (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`), or another error
    /// that does not belong to one connection: try again later.
    case exhausted
  }

  private let descriptor: Descriptor
  /// The file of a Unix socket.
  private let file: UnixSocketFile.Identity?
  let address: BoundAddress
  /// The name in errors.
  private let name: String

  var number: Int32 { descriptor.number }

  private init(_ descriptor: consuming Descriptor, _ address: BoundAddress, _ name: String) {
    self.descriptor = descriptor
    self.address = address
    self.name = name
    if case .unix(let path) = address.kind { file = UnixSocketFile.identity(of: path) } else { file = nil }
  }

  /// Binds a socket to each of the endpoint's addresses.
  ///
  /// - Throws: The system's error for one of them.
  static func bind(to endpoint: Endpoint) throws(SystemError) -> [Listener] {
    switch endpoint {
    case .unix(let path, let permissions):
      try UnixSocketFile.removeStale(path)
      let address = try SocketAddress(unixPath: path)
      return [
        try bind(
          to: address, as: .unix(path: path), "the Unix socket \(path)",
          beforeBinding: { (socket) throws(SystemError) in
            if let permissions { try UnixSocketFile.limitPermissions(permissions, of: socket) }
          },
          afterBinding: { () throws(SystemError) in
            if let permissions { try UnixSocketFile.setPermissions(permissions, of: path) }
          })
      ]
    case .tcp(let host, let port):
      return try bind(toAll: Resolver.addresses(of: host, port: port), "\(host) port \(port)")
    }
  }

  private static func bind(
    toAll addresses: [SocketAddress], _ name: String
  ) throws(SystemError) -> [Listener] {
    var listeners: [Listener] = []
    var failure: SystemError?
    for address in addresses {
      // All addresses of a name share the port of the first one.
      let address = listeners.first?.address.port.map { address.with(port: $0) } ?? address
      do throws(SystemError) {
        listeners.append(try bind(to: address, as: nil, name))
      } catch  where error.code == EAFNOSUPPORT || error.code == EADDRNOTAVAIL {
        // A name can have an IPv6 address on a machine without IPv6: one address is enough.
        failure = failure ?? error
      }
    }
    if listeners.isEmpty, let failure { throw failure }
    return listeners
  }

  private static func bind(
    to address: SocketAddress, as kind: BoundAddress.Kind?, _ name: String,
    beforeBinding: (borrowing Descriptor) throws(SystemError) -> Void = { _ in },
    afterBinding: () throws(SystemError) -> Void = {}
  ) throws(SystemError) -> Listener {
    let operation = Self.operation(name)
    let subject = Self.subject(kind)
    let descriptor = Descriptor(
      try systemCall { socket(address.family, SocketType.stream, 0) }.orThrow(operation, on: subject))
    try descriptor.setNonBlocking()
    if address.family != AF_UNIX {
      // A restarted server need not wait until the connections of the last one have expired.
      try descriptor.setOption(SOL_SOCKET, SO_REUSEADDR, 1)
    }
    if address.family == AF_INET6 {
      // IPv4 has its own socket, if the host has an IPv4 address too.
      try descriptor.setOption(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
    }
    try beforeBinding(descriptor)
    _ = try systemCall { address.withPointer { Self.bind(descriptor.number, $0, $1) } }
      .orThrow(operation, on: subject)
    try afterBinding()
    let bound = kind ?? .tcp(Self.localAddress(of: descriptor.number).peer)
    return Listener(descriptor, BoundAddress(kind: bound), name)
  }

  /// Begins to accept connections.
  func listen(backlog: Int) throws(SystemError) {
    _ = try systemCall { Self.startListening(descriptor.number, backlog) }
      .orThrow(Self.operation(name), on: Self.subject(address.kind))
  }

  private static func subject(_ kind: BoundAddress.Kind?) -> SystemError.Subject {
    if case .unix(let path) = kind { .unixSocket(path: path) } else { .port }
  }

  private static func operation(_ name: String) -> String { "listen on \(name)" }

  private static func bind(_ number: Int32, _ address: UnsafePointer<sockaddr>, _ length: socklen_t) -> Int32 {
    #if canImport(Glibc)
      Glibc.bind(number, address, length)
    #elseif canImport(Musl)
      Musl.bind(number, address, length)
    #else
      Darwin.bind(number, address, length)
    #endif
  }

  private static func startListening(_ number: Int32, _ backlog: Int) -> Int32 {
    #if canImport(Glibc)
      Glibc.listen(number, Int32(clamping: backlog))
    #elseif canImport(Musl)
      Musl.listen(number, Int32(clamping: backlog))
    #else
      Darwin.listen(number, Int32(clamping: backlog))
    #endif
  }

  private static func localAddress(of number: Int32) -> SocketAddress {
    SocketAddress { storage, length in
      storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(number, $0, length) }
    }
  }

  func accept() -> Acceptance {
    while true {
      var result: Result<Int32, Errno> = .failure(Errno(0))
      let address = SocketAddress { storage, length in
        result = systemCall { Self.acceptNonBlocking(descriptor.number, storage, length) }
      }
      switch result {
      case .success(let number):
        return .connection(Descriptor(number), address.peer)
      case .failure(let error):
        switch error.code {
        case _ where error.wouldBlock: return .none
        // accept(2): an error of one connection before it was accepted does not affect the next.
        case ECONNABORTED, EPROTO, EPERM, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH:
          continue
        default: return .exhausted
        }
      }
    }
  }

  private static func acceptNonBlocking(
    _ number: Int32, _ storage: UnsafeMutablePointer<sockaddr_storage>, _ length: UnsafeMutablePointer<socklen_t>
  ) -> Int32 {
    #if os(Linux)
      return socket_polling_accept(number, storage, length)
    #else
      let accepted = storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { Darwin.accept(number, $0, length) }
      guard accepted >= 0 else { return accepted }
      _ = fcntl(accepted, F_SETFL, O_NONBLOCK)
      _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
      return accepted
    #endif
  }

  /// Removes the socket's file, if any. The descriptor is closed when it is no longer used.
  func cleanUp() {
    if case .unix(let path) = address.kind { UnixSocketFile.remove(path, ifItIs: file) }
  }
}

enum SocketType {
  static var stream: Int32 {
    #if canImport(Glibc)
      Int32(SOCK_STREAM.rawValue)
    #else
      SOCK_STREAM
    #endif
  }
}
