import Dispatch
import Synchronization

@testable import HTTPServer

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#elseif canImport(Darwin)
  internal import Darwin
#endif
/// A client that sends and receives bytes as they are, on a queue of its own, since its calls block.
///
/// `@unchecked Sendable`: `received` and `taken` are touched on `queue` alone.
final class RawClient: @unchecked Sendable {
  enum Failure: Error {
    case cannotConnect(Int32)
    /// The connection was broken off.
    case reset
    /// Nothing came for a minute.
    case silence(soFar: String)
    /// The connection ended before the response did.
    case ended(soFar: String)
    case malformed(String)
  }

  private let descriptor: Int32
  private let isClosed = Atomic(false)
  private let queue = DispatchQueue(label: "raw client")
  private let sending = DispatchQueue(label: "raw client, sending")
  private var received: [UInt8] = []
  /// How much of it has been handed out.
  private var taken = 0

  /// A peer that has gone must not end the tests.
  private static let ignoresBrokenPipes: Void = { signal(SIGPIPE, SIG_IGN) }()

  /// - Parameter receiveBuffer: the bytes that the kernel keeps for this side at most; the system's default with nil.
  init(_ address: BoundAddress, receiveBuffer: Int32? = nil) throws {
    Self.ignoresBrokenPipes
    let family = address.path == nil ? AF_INET : AF_UNIX
    descriptor = socket(family, SocketType.stream, 0)
    if var size = receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    let target: SocketAddress
    if let path = address.path {
      target = try SocketAddress(unixPath: path)
    } else {
      let found = try Resolver.addresses(of: "127.0.0.1", port: address.port ?? 0)
      target = found[0]
    }
    let result = target.withPointer { connect(descriptor, $0, $1) }
    // The deinitializer closes it: it runs for whoever is complete, though its initializer throws. To close it twice
    // would close what another test has got under its number since.
    guard result == 0 else { throw Failure.cannotConnect(errno) }
  }

  deinit {
    close()
  }

  /// Nothing may be under way any more.
  func close() {
    guard !isClosed.exchange(true, ordering: .relaxed) else { return }
    Self.close(descriptor)
  }

  private static func close(_ descriptor: Int32) {
    #if canImport(Glibc)
      _ = Glibc.close(descriptor)
    #elseif canImport(Musl)
      _ = Musl.close(descriptor)
    #else
      _ = Darwin.close(descriptor)
    #endif
  }

  /// Runs blocking work off Swift's cooperative pool.
  private func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result(catching: body)) }
    }
  }

  func send(_ text: String) async throws {
    try await send(Array(text.utf8))
  }

  func send(_ bytes: [UInt8]) async throws {
    try await perform { [self] in try sendAll(bytes) }
  }

  private func sendAll(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { throw Failure.reset }
      sent += count
    }
  }

  /// Sends on another queue, so that what comes can be read meanwhile.
  func sendApart(_ text: String) async throws {
    let bytes = Array(text.utf8)
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      sending.async { [self] in continuation.resume(with: Result { try sendAll(bytes) }) }
    }
  }

  /// Says that nothing more will be sent.
  func finishSending() {
    shutdown(descriptor, Int32(SHUT_WR))
  }

  /// Breaks the connection off.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Returns the next response, with a body as framed.
  func response(to method: String = "GET") async throws -> RawResponse {
    try await perform { [self] in
      let head = try read(through: Array("\r\n\r\n".utf8))
      var response = try RawResponse(head: String(decoding: head, as: UTF8.self))
      if method == "HEAD" || [100, 204, 304].contains(response.status) { return response }
      if response.headers["Transfer-Encoding"] == "chunked" {
        while case let line = try read(through: [13, 10]), line != Array("0\r\n".utf8) {
          let text = String(decoding: line.dropLast(2), as: UTF8.self)
          guard let size = Int(text, radix: 16) else { throw Failure.malformed(text) }
          response.body += try read(count: size)
          guard try read(count: 2) == [13, 10] else { throw Failure.malformed("after a chunk") }
        }
        guard try read(count: 2) == [13, 10] else { throw Failure.malformed("after the last chunk") }
      } else if let length = response.headers["Content-Length"].flatMap({ Int($0) }) {
        response.body = try read(count: length)
      } else {
        response.body = try readToEnd()
      }
      return response
    }
  }

  /// All that comes until the server ends the connection.
  func remainder() async throws -> [UInt8] {
    try await perform { [self] in try readToEnd() }
  }

  func bytes(_ count: Int) async throws -> [UInt8] {
    try await perform { [self] in try read(count: count) }
  }

  private func readToEnd() throws -> [UInt8] {
    while try fill() {}
    return take(received.count - taken)
  }

  private func read(count: Int) throws -> [UInt8] {
    while received.count - taken < count {
      guard try fill() else { throw Failure.ended(soFar: unread) }
    }
    return take(count)
  }

  private func read(through mark: [UInt8]) throws -> [UInt8] {
    var looked = 0
    while true {
      if let end = received[(taken + looked)...].firstRange(of: mark)?.upperBound { return take(end - taken) }
      looked = max(received.count - taken - mark.count, 0)
      guard try fill() else { throw Failure.ended(soFar: unread) }
    }
  }

  private var unread: String { String(decoding: received[taken...].prefix(1000), as: UTF8.self) }

  private func take(_ count: Int) -> [UInt8] {
    defer { taken += count }
    return Array(received[taken..<taken + count])
  }

  private func fill() throws -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, 60_000) > 0 else { throw Failure.silence(soFar: unread) }
    received.removeFirst(taken)
    taken = 0
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { throw Failure.reset }
    received += buffer.prefix(count)
    return count > 0
  }
}

struct RawResponse: Sendable {
  let status: Int
  let headers: Headers
  var body: [UInt8] = []

  var text: String { String(decoding: body, as: UTF8.self) }

  init(head: String) throws {
    // "\r\n" is one Character.
    let lines = head.split(separator: "\r\n")
    guard let first = lines.first, first.hasPrefix("HTTP/1.1 "), let status = Int(first.dropFirst(9).prefix(3)) else {
      throw RawClient.Failure.malformed(head)
    }
    self.status = status
    headers = Headers(
      try lines.dropFirst().map { line in
        guard let colon = line.firstIndex(of: ":") else { throw RawClient.Failure.malformed(head) }
        return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
      })
  }
}
