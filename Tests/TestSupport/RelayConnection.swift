internal import Foundation

package enum RelayDirection: Sendable, CaseIterable {
  case toServer
  case toClient
}

/// How a connection breaks.
package enum RelayFault: Sendable, CaseIterable {
  /// Both sides see its end.
  case end
  /// Both sides see a reset.
  case reset
  /// Both sides see silence.
  case stall
}

/// The bytes that a connection has carried.
package struct RelayTraffic: Sendable, Equatable {
  package var toServer = 0
  package var toClient = 0

  package init(toServer: Int = 0, toClient: Int = 0) {
    self.toServer = toServer
    self.toClient = toClient
  }

  package subscript(_ direction: RelayDirection) -> Int {
    direction == .toServer ? toServer : toClient
  }
}

/// The two sockets of a connection through a relay.
struct RelayConnection {
  private let client: Int32
  private let server: Int32
  private var toServer = Flow()
  private var toClient = Flow()
  var isStalled = false
  private(set) var isClosed = false
  /// Of what the server sends.
  var replacement: Replacement?

  struct Replacement {
    let text: [UInt8]
    let other: [UInt8]
  }

  private struct Flow {
    var carried = 0
    /// What has been received and not been sent yet.
    var pending: [UInt8] = []
    var fault: (kind: RelayFault, mark: Int)?
  }

  enum Outcome {
    case moved
    case faultStruck
  }

  /// Connects to a port of this machine; `nil` if nothing listens there.
  init?(client: Int32, port: UInt16) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard server >= 0 else { return nil }
    var address = sockaddr_in(loopbackPort: port)
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(server)
      return nil
    }
    (self.client, self.server) = (client, server)
    var on: Int32 = 1
    for descriptor in [client, server] {
      setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }
  }

  var traffic: RelayTraffic {
    RelayTraffic(toServer: toServer.carried, toClient: toClient.carried)
  }

  mutating func plan(_ fault: RelayFault, after count: Int, _ direction: RelayDirection) {
    if direction == .toServer {
      toServer.fault = (fault, toServer.carried + count)
    } else {
      toClient.fault = (fault, toClient.carried + count)
    }
  }

  mutating func cancelPlans() {
    (toServer.fault, toClient.fault) = (nil, nil)
  }

  mutating func strike(_ fault: RelayFault) {
    guard fault != .stall else {
      isStalled = true
      return
    }
    guard !isClosed else { return }
    isClosed = true
    for descriptor in [client, server] {
      if fault == .reset {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
      }
      close(descriptor)
    }
  }

  /// What the connection waits for. A socket of which nothing is expected is left out: its end would be reported again
  /// and again.
  func polled() -> [pollfd] {
    guard !isStalled, !isClosed else { return [] }
    let readable = Int16(POLLIN)
    let writable = Int16(POLLOUT)
    return [
      toServer.pending.isEmpty ? (client, readable) : (server, writable),
      toClient.pending.isEmpty ? (server, readable) : (client, writable),
    ].map { pollfd(fd: $0.0, events: $0.1, revents: 0) }
  }

  /// Passes on what there is in both directions.
  mutating func move(through buffer: inout [UInt8]) -> Outcome {
    for direction in RelayDirection.allCases where !isStalled && !isClosed {
      let result =
        direction == .toServer
        ? Self.move(&toServer, from: client, to: server, through: &buffer)
        : Self.move(&toClient, from: server, to: client, through: &buffer, replacement)
      switch result {
      case .moved: continue
      case .ended: strike(.end)
      case .reached(let fault):
        strike(fault)
        return .faultStruck
      }
    }
    return .moved
  }

  private enum Movement {
    case moved
    case ended
    case reached(RelayFault)
  }

  private static func move(
    _ flow: inout Flow, from source: Int32, to sink: Int32, through buffer: inout [UInt8],
    _ replacement: Replacement? = nil
  ) -> Movement {
    if flow.pending.isEmpty {
      let count = recv(source, &buffer, buffer.count, 0)
      if count < 0, errno == EAGAIN { return .moved }
      guard count > 0 else { return .ended }
      flow.pending = Array(buffer[..<count])
      if let replacement { flow.pending.replace(replacement.text, with: replacement.other) }
    }
    let allowed = min(flow.pending.count, flow.fault.map { $0.mark - flow.carried } ?? .max)
    if allowed > 0 {
      let sent = flow.pending.withUnsafeBytes { send(sink, $0.baseAddress, allowed, Int32(MSG_NOSIGNAL)) }
      if sent < 0, errno == EAGAIN { return .moved }
      guard sent > 0 else { return .ended }
      flow.carried += sent
      flow.pending.removeFirst(sent)
    }
    guard let fault = flow.fault, flow.carried == fault.mark, !flow.pending.isEmpty else { return .moved }
    flow.fault = nil
    return .reached(fault.kind)
  }
}

extension sockaddr_in {
  init(loopbackPort port: UInt16) {
    self.init()
    sin_family = sa_family_t(AF_INET)
    sin_port = port.bigEndian
    sin_addr.s_addr = inet_addr("127.0.0.1")
  }
}
