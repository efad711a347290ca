internal import Foundation
internal import Synchronization

/// Passes bytes between clients and a server on this machine, and breaks their connections on request: at once, or at an
/// exact byte.
///
/// One thread moves the bytes. It holds the lock for as long as it touches a connection, so that whatever a function here
/// sets holds for the next byte.
package final class Relay: Sendable {
  package let port: UInt16
  /// Keeps the port for this relay while it refuses connections.
  private let reservation: Int32
  /// A pipe that ends the thread's wait.
  private let wakeReader: Int32
  private let wakeWriter: Int32
  private let state = Mutex(State())

  fileprivate struct State {
    var listener: Int32?
    var target: UInt16?
    var connections: [Int: RelayConnection] = [:]
    /// The faults of connections that do not exist yet.
    var planned: [Int: [PlannedFault]] = [:]
    var accepted = 0
    var faults = 0
    var replacement: RelayConnection.Replacement?
    var isStalled = false
    var isStopped = false
  }

  fileprivate struct PlannedFault {
    let fault: RelayFault
    let direction: RelayDirection
    let count: Int
  }

  /// Listens on a port of the kernel's choice.
  package init() throws {
    let first = try Self.socket(boundTo: 0)
    reservation = first.descriptor
    port = first.port
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw RawConnection.Failure(description: "pipe: errno \(errno)") }
    (wakeReader, wakeWriter) = (ends[0], ends[1])
    for end in ends { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    try listen()
    Thread.detachNewThread { [self] in run() }
  }

  /// The number of connections that have been accepted; also the number of the latest one.
  package var accepted: Int { state.withLock { $0.accepted } }

  /// The number of planned faults that have struck.
  package var faults: Int { state.withLock { $0.faults } }

  /// The bytes that each open connection has carried.
  package var traffic: [Int: RelayTraffic] {
    state.withLock { $0.connections.mapValues(\.traffic) }
  }

  /// Connects to another server from now on; `nil`: to none, and closes new connections.
  package func setTarget(_ port: UInt16?) {
    change { $0.target = port }
  }

  /// Breaks a connection in place of a byte: `count` more bytes pass in this direction, and the next one does not.
  ///
  /// - Parameter number: of an open connection, or of one to come: `accepted + 1` is the next.
  package func plan(
    _ fault: RelayFault, ofConnection number: Int, after count: Int, _ direction: RelayDirection
  ) {
    change { state in
      if state.connections[number] != nil {
        state.connections[number]?.plan(fault, after: count, direction)
      } else if number > state.accepted {
        state.planned[number, default: []].append(PlannedFault(fault: fault, direction: direction, count: count))
      }
    }
  }

  /// Cancels the planned faults that have not struck.
  package func cancelPlans() {
    change { state in
      state.planned = [:]
      for number in state.connections.keys { state.connections[number]?.cancelPlans() }
    }
  }

  /// Changes a text that the server sends, in all connections from now on. It is only found if it arrives in one piece.
  package func replace(_ text: String, by other: String) {
    change { $0.replacement = RelayConnection.Replacement(text: Array(text.utf8), other: Array(other.utf8)) }
  }

  /// Cuts those of the open connections for which the condition holds.
  package func cut(_ fault: RelayFault = .end, where isCut: () -> Bool = { true }) {
    let numbers = state.withLock { $0.connections.keys.sorted() }.filter { _ in isCut() }
    change { state in
      for number in numbers { state.connections[number]?.strike(fault) }
      state.removeClosed()
    }
  }

  /// Passes nothing more, and leaves new connections waiting: what a host that hangs does.
  package func stall() {
    change { $0.isStalled = true }
  }

  /// Refuses new connections. Those that are open go on.
  package func refuse() {
    change { state in
      guard let listener = state.listener else { return }
      // A socket that the thread waits for listens on after `close`, until the wait ends.
      shutdown(listener, Int32(SHUT_RD))
      close(listener)
      state.listener = nil
    }
  }

  /// Ends what `stall`, a planned stall and `refuse` began.
  package func resume() throws {
    try listen()
    change { state in
      state.isStalled = false
      for number in state.connections.keys { state.connections[number]?.isStalled = false }
    }
  }

  /// Accepts no more connections, and cuts those that there are.
  package func stop() {
    change { state in
      state.isStopped = true
      for number in state.connections.keys { state.connections[number]?.strike(.end) }
      state.connections = [:]
    }
  }

  private func listen() throws {
    try state.withLock { state in
      guard state.listener == nil, !state.isStopped else { return }
      let descriptor = try Self.socket(boundTo: port).descriptor
      guard Glibc.listen(descriptor, 256) == 0 else {
        close(descriptor)
        throw RawConnection.Failure(description: "listen: errno \(errno)")
      }
      state.listener = descriptor
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      guard !state.isStopped else { return }
      body(&state)
      _ = write(wakeWriter, [1], 1)
    }
  }

  private func run() {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      var polled = state.withLock { $0.polled() + [pollfd(fd: wakeReader, events: Int16(POLLIN), revents: 0)] }
      poll(&polled, nfds_t(polled.count), -1)
      while read(wakeReader, &buffer, buffer.count) > 0 {}
      let isStopped = state.withLock { state in
        if !state.isStopped { state.step(&buffer) }
        return state.isStopped
      }
      if isStopped { break }
    }
    state.withLock { state in
      for descriptor in [state.listener, reservation, wakeReader, wakeWriter] {
        if let descriptor { close(descriptor) }
      }
    }
  }

  /// A socket on 127.0.0.1 that does not block.
  ///
  /// - Parameter port: one that another socket of this relay can have, too; 0: one of the kernel's choice.
  private static func socket(boundTo port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
    let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw RawConnection.Failure(description: "socket: errno \(errno)") }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    var on: Int32 = 1
    for option in [SO_REUSEADDR, SO_REUSEPORT] {
      setsockopt(descriptor, SOL_SOCKET, option, &on, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in(loopbackPort: port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, length) | getsockname(descriptor, address, &length)
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw RawConnection.Failure(description: "bind to port \(port): errno \(errno)")
    }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }
}

extension Relay.State {
  /// What the thread waits for.
  fileprivate func polled() -> [pollfd] {
    if isStalled { return [] }
    let listening = listener.map { [pollfd(fd: $0, events: Int16(POLLIN), revents: 0)] } ?? []
    return connections.values.reduce(into: listening) { $0 += $1.polled() }
  }

  /// Accepts and passes on what there is.
  fileprivate mutating func step(_ buffer: inout [UInt8]) {
    guard !isStalled else { return }
    acceptConnections()
    for number in connections.keys {
      if connections[number]?.move(through: &buffer) == .faultStruck { faults += 1 }
    }
    removeClosed()
  }

  private mutating func acceptConnections() {
    while let listener {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { return }
      accepted += 1
      guard let target, var connection = RelayConnection(client: client, port: target) else {
        close(client)
        continue
      }
      for plan in planned.removeValue(forKey: accepted) ?? [] {
        connection.plan(plan.fault, after: plan.count, plan.direction)
      }
      connection.replacement = replacement
      connections[accepted] = connection
    }
  }

  fileprivate mutating func removeClosed() {
    connections = connections.filter { !$0.value.isClosed }
  }
}
