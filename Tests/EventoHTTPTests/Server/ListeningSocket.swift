import Foundation

/// Where a scripted server listens.
enum ListeningSocket {
  /// A port of the kernel's choice on 127.0.0.1.
  static func loopback() throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = try checked(socket(AF_INET, streamType, 0), "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    // The three casts below are how the socket interface takes an address of any family.
    try withUnsafeMutablePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = try checked(bind(descriptor, address, length), "bind")
        _ = try checked(listen(descriptor, 512), "listen")
        _ = try checked(getsockname(descriptor, address, &length), "getsockname")
      }
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  /// A connection to a port on 127.0.0.1.
  static func connection(to port: UInt16) throws -> Int32 {
    let descriptor = try checked(socket(AF_INET, streamType, 0), "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    address.sin_port = port.bigEndian
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = try checked(connect(descriptor, address, length), "connect")
      }
    }
    return descriptor
  }

  static func unix(_ path: String) throws -> Int32 {
    let descriptor = try checked(socket(AF_UNIX, streamType, 0), "socket")
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let length = socklen_t(MemoryLayout<sockaddr_un>.size)
    try withUnsafePointer(to: &address) { pointer in
      try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        _ = try checked(bind(descriptor, address, length), "bind")
        _ = try checked(listen(descriptor, 16), "listen")
      }
    }
    return descriptor
  }

  private static var streamType: Int32 {
    #if canImport(Glibc)
      Int32(SOCK_STREAM.rawValue)
    #else
      SOCK_STREAM
    #endif
  }

  private static func checked(_ result: Int32, _ what: String) throws -> Int32 {
    guard result >= 0 else { throw SocketFailure(what: what, code: errno) }
    return result
  }
}

struct SocketFailure: Error {
  let what: String
  let code: Int32
}
