import Foundation
import TestSupport

/// Sends back what it receives. Each connection has a thread, where its socket blocks.
final class EchoServer: Sendable {
  let port: UInt16
  /// Of each connection that has ended, the number of bytes that it brought.
  let received: AsyncStream<Int>
  private let listener: Int32

  init() throws {
    let (received, continuation) = AsyncStream<Int>.makeStream()
    self.received = received
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) | listen(listener, 16) | getsockname(listener, address, &length)
      }
    }
    guard result == 0 else { throw RawConnection.Failure(description: "listen: errno \(errno)") }
    port = UInt16(bigEndian: address.sin_port)
    Thread.detachNewThread { [listener] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { break }
        Thread.detachNewThread {
          var buffer = [UInt8](repeating: 0, count: 4096)
          var total = 0
          while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { break }
            total += count
            _ = send(connection, buffer, count, Int32(MSG_NOSIGNAL))
          }
          close(connection)
          continuation.yield(total)
        }
      }
      close(listener)
    }
  }

  /// Accepts no more connections.
  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
  }
}
