internal import Foundation
internal import Synchronization

/// Stands before a server on this machine, passes bytes on, and cuts connections when it is told to, wherever they are.
///
/// Each direction of each connection has a thread: sockets block there.
package final class Relay: Sendable {
  package let port: UInt16
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var target: UInt16?
    var pairs: [Int: Pair] = [:]
    var accepted = 0
    var isStopped = false
  }

  /// The two sockets of a connection. They are closed when both directions have ended.
  private final class Pair: Sendable {
    let descriptors: [Int32]
    private let directions = Mutex(2)

    init(_ descriptors: [Int32]) {
      self.descriptors = descriptors
    }

    func shutDown() {
      directions.withLock { left in
        // Closed sockets' numbers may be somebody else's.
        guard left > 0 else { return }
        for descriptor in descriptors { shutdown(descriptor, Int32(SHUT_RDWR)) }
      }
    }

    /// - Returns: whether it was the last.
    func endDirection() -> Bool {
      shutDown()
      return directions.withLock { left in
        left -= 1
        if left == 0 { for descriptor in descriptors { close(descriptor) } }
        return left == 0
      }
    }
  }

  /// Listens on a port of the kernel's choice.
  package init() throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard listener >= 0 else { throw RawConnection.Failure(description: "socket: errno \(errno)") }
    var address = Self.loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, length) | listen(listener, 256) | getsockname(listener, address, &length)
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard result == 0 else { throw RawConnection.Failure(description: "listen: errno \(errno)") }
    Thread.detachNewThread { [self] in acceptAll() }
  }

  /// How many connections have been made.
  package var accepted: Int { state.withLock { $0.accepted } }

  /// Connects to another server from now on; `nil`: to none, and closes what comes.
  package func setTarget(_ port: UInt16?) {
    state.withLock { $0.target = port }
  }

  /// Cuts those of the open connections that the condition holds for.
  package func cut(where isCut: () -> Bool) {
    let pairs = state.withLock { state in state.pairs.sorted { $0.key < $1.key }.map(\.value) }
    for pair in pairs where isCut() { pair.shutDown() }
  }

  /// Takes no more connections, and cuts all that there are.
  package func stop() {
    state.withLock { state in
      if !state.isStopped { shutdown(listener, Int32(SHUT_RDWR)) }
      state.isStopped = true
    }
    cut { true }
  }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { break }
      let target = state.withLock { state -> UInt16? in
        state.accepted += 1
        return state.isStopped ? nil : state.target
      }
      guard let target, let server = Self.connection(to: target) else {
        close(client)
        continue
      }
      var on: Int32 = 1
      for descriptor in [client, server] {
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      }
      let pair = Pair([client, server])
      let number = state.withLock { state in
        state.pairs[state.accepted] = pair
        return state.accepted
      }
      for (source, sink) in [(client, server), (server, client)] {
        Thread.detachNewThread { [self] in
          Self.pump(from: source, to: sink)
          if pair.endDirection() { state.withLock { $0.pairs[number] = nil } }
        }
      }
    }
    state.withLock { state in
      state.isStopped = true
      close(listener)
    }
  }

  private static func pump(from source: Int32, to sink: Int32) {
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = recv(source, &buffer, buffer.count, 0)
      guard count > 0 else { return }
      var sent = 0
      while sent < count {
        let written = buffer[sent..<count].withUnsafeBytes {
          send(sink, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard written > 0 else { return }
        sent += written
      }
    }
  }

  private static func connection(to port: UInt16) -> Int32? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    var address = loopback(port: port)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  private static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }
}
