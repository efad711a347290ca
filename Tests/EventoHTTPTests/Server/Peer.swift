import Foundation
import Synchronization

/// The server's side of one connection. It blocks, and is used on that connection's thread; `hangUp` is for others too.
final class Peer: Sendable {
  /// 1 for the first connection of the server.
  let number: Int
  private let descriptor: Int32
  private let state = Mutex((isOpen: true, input: [UInt8]()))

  init(_ descriptor: Int32, number: Int) {
    self.descriptor = descriptor
    self.number = number
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  /// The client's side of a connection to a port of this machine.
  static func connect(to port: UInt16) throws -> Peer {
    Peer(try ListeningSocket.connection(to: port), number: 0)
  }

  /// Reads on, and returns what is there up to the end that `end` finds in it, or `nil` at the end of the connection.
  private func read(until end: ([UInt8]) -> Int?) -> [UInt8]? {
    var input = state.withLock { $0.input }
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      if let end = end(input) {
        let rest = Array(input[end...])
        state.withLock { $0.input = rest }
        return Array(input[..<end])
      }
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      input += chunk[..<count]
    }
  }

  /// The next request, or `nil` where there is none any more.
  func readRequest() -> Request? {
    guard let head = read(until: { Request.endOfHead(in: $0) }), var request = Request(head: head) else { return nil }
    if request.headers["expect"] != nil { write("HTTP/1.1 100 Continue\r\n\r\n") }
    let length = Int(request.headers["content-length"] ?? "0") ?? 0
    guard let body = read(until: { $0.count >= length ? length : nil }) else { return nil }
    request.body = body
    return request
  }

  /// The next response, head and body, or `nil` where there is none any more. It has to have a length.
  func readResponse() -> [UInt8]? {
    guard let head = read(until: { Request.endOfHead(in: $0) }) else { return nil }
    let lines = String(decoding: head, as: UTF8.self).lowercased().split(separator: "\r\n")
    let field = lines.first { $0.hasPrefix("content-length:") } ?? ""
    let length = Int(field.drop { $0 != ":" }.dropFirst().drop { $0 == " " }) ?? 0
    return read(until: { $0.count >= length ? length : nil }).map { head + $0 }
  }

  /// At least so many bytes of what comes next, or what came before the end.
  func readBytes(_ count: Int) {
    _ = read(until: { $0.count >= count ? $0.count : nil })
  }

  /// Blocks this connection's thread.
  func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

  /// Blocks until the other side has closed the connection.
  func waitForEnd() {
    _ = read(until: { _ in nil })
  }

  @discardableResult
  func write(_ bytes: some Collection<UInt8>) -> Bool {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Self.flags) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  @discardableResult
  func write(_ text: String) -> Bool { write(Array(text.utf8)) }

  #if canImport(Glibc)
    private static let flags = Int32(MSG_NOSIGNAL)
  #else
    private static let flags: Int32 = 0
  #endif

  /// Closes with a reset in place of an orderly end.
  func resetOnClose() {
    var linger = Foundation.linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  /// Ends both directions, from whatever thread.
  func hangUp() {
    state.withLock { if $0.isOpen { shutdown(descriptor, Int32(SHUT_RDWR)) } }
  }

  func end() {
    state.withLock { state in
      if state.isOpen { close(descriptor) }
      state.isOpen = false
    }
  }
}
