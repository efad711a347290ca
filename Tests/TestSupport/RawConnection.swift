internal import Dispatch
internal import Foundation

/// A connection that sends the bytes it is told to send, right or wrong, and shows what comes back: the tests' own HTTP
/// client, so that no library mends what a test means to send.
///
/// Sockets block here, on a queue of the connection's own and never on the cooperative pool, which the server under
/// test needs.
package final class RawConnection: Sendable {
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "raw connection")

  package struct Failure: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
      self.description = description
    }
  }

  /// Connects to a port of this machine.
  ///
  /// - Parameter receiveBuffer: the bytes that the kernel keeps for this side at most, and then no more than some ten
  ///   thousand for the other one; the system's defaults with `nil`.
  package init(port: UInt16, timeoutSeconds: Int = 20, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(description: "socket: errno \(errno)") }
    if var receiveBuffer {
      setsockopt(
        descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
      // The segments of the loopback have 64 KiB, and the sender's buffer begins with room for twenty of them, twice over:
      // some megabytes would be sent that nobody reads.
      var segment: Int32 = 1460
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, socklen_t(MemoryLayout<Int32>.size))
    }
    var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    // The deinitializer closes it: it runs for whoever is complete, though its initializer throws. To close it twice
    // would close what another test has got under its number since.
    guard result == 0 else { throw Failure(description: "connect to port \(port): errno \(errno)") }
  }

  deinit {
    close(descriptor)
  }

  /// Sends all of it.
  package func send(_ bytes: [UInt8]) async throws {
    try await perform {
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { throw Failure(description: "send: errno \(errno) after \(sent) bytes") }
        sent += count
      }
    }
  }

  package func send(_ text: String) async throws {
    try await send(Array(text.utf8))
  }

  /// Tells the peer that nothing more comes; it may still respond.
  package func finishSending() async throws {
    try await perform { _ = shutdown(self.descriptor, Int32(SHUT_WR)) }
  }

  /// Has the connection broken off when it is closed, which it is once nobody holds it.
  package func resetOnClose() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  /// What has come, at most `limit` bytes; nothing at the end of the connection.
  package func receive(limit: Int = 1 << 16) async throws -> [UInt8] {
    try await perform {
      try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        let received = recv(self.descriptor, buffer.baseAddress, buffer.count, 0)
        guard received >= 0 else { throw Failure(description: "receive: errno \(errno)") }
        count = received
      }
    }
  }

  /// Everything up to the end of the connection.
  package func receiveAll() async throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try await receive()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  private func perform<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: work)) }
    }
  }
}
