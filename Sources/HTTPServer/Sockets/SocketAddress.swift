#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// An address in the kernel's form.
struct SocketAddress {
  private(set) var storage = sockaddr_storage()
  private(set) var length: socklen_t

  /// Creates the address that a call fills in.
  init(filledBy call: (UnsafeMutablePointer<sockaddr_storage>, UnsafeMutablePointer<socklen_t>) -> Void) {
    length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    call(&storage, &length)
  }

  init(_ address: UnsafePointer<sockaddr>, length: socklen_t) {
    self.length = min(length, socklen_t(MemoryLayout<sockaddr_storage>.size))
    withUnsafeMutableBytes(of: &storage) { storage in
      storage.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(self.length)))
    }
  }

  /// - Throws: `ENAMETOOLONG` if the path has more bytes than ``SystemError/longestSocketPath``, or a NUL.
  init(unixPath path: String) throws(SystemError) {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard !bytes.isEmpty, bytes.count <= SystemError.longestSocketPath, !bytes.contains(0) else {
      throw SystemError(
        "listen on the Unix socket \(path)", bytes.isEmpty ? ENOENT : ENAMETOOLONG, on: .unixSocket(path: path))
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
    withUnsafeMutableBytes(of: &storage) { storage in
      withUnsafeBytes(of: &address) { storage.copyMemory(from: $0) }
    }
  }

  var family: Int32 { Int32(storage.ss_family) }

  /// The address as a ``PeerAddress``.
  var peer: PeerAddress {
    withUnsafeBytes(of: storage) { bytes in
      switch family {
      case AF_INET:
        let address = bytes.loadUnaligned(as: sockaddr_in.self)
        return .ipv4(UInt32(bigEndian: address.sin_addr.s_addr), port: UInt16(bigEndian: address.sin_port))
      case AF_INET6:
        let address = bytes.loadUnaligned(as: sockaddr_in6.self)
        return PeerAddress(address.sin6_addr, port: UInt16(bigEndian: address.sin6_port))
      default: return .unix
      }
    }
  }

  func withPointer<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}

extension SystemError {
  /// The maximum length of the path of a Unix socket, in bytes: `sun_path` also has its NUL.
  package static let longestSocketPath = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1
}
