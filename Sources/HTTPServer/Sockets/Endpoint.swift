internal import Synchronization

/// An address to listen on.
package enum Endpoint: Sendable, Hashable {
  /// A name or address, and a port; port 0 selects a free one. A name includes all of its addresses.
  case tcp(host: String, port: UInt16)
  /// A Unix socket at that path. A file that an earlier process left there is replaced if no process listens on it.
  /// Every process that may write to the file may connect; without permissions, the process's umask applies.
  case unix(path: String, permissions: UInt16? = nil)
}

/// An address that a server listens on.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
  enum Kind: Sendable, Hashable {
    case tcp(PeerAddress)
    case unix(path: String)
  }

  let kind: Kind

  /// The port; nil for a Unix socket.
  package var port: UInt16? {
    if case .tcp(let address) = kind { address.port } else { nil }
  }

  /// The path; nil for a port.
  package var path: String? {
    if case .unix(let path) = kind { path } else { nil }
  }

  /// The address as text, such as `http://127.0.0.1:8080` or `unix:/run/server.sock`.
  package var description: String {
    switch kind {
    case .tcp(let address): "http://\(address)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// Addresses that a process has taken and does not serve yet: no other process can listen there, and a client that
/// connects waits. Use it if the start takes long or changes something, and should not begin if the addresses are in
/// use.
///
/// The process listens at once. Linux lets a second process bind a port that is only bound, and a Unix socket without a
/// listener looks like one that was left behind.
package final class BoundEndpoints: Sendable {
  private let listeners: Mutex<[Listener]>

  /// Takes the addresses. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` if one can't be taken; then none is taken.
  ///
  /// - Parameter backlog: The maximum number of connections that wait to be accepted.
  package init(_ endpoints: [Endpoint], backlog: Int = ServerConfiguration().backlog) throws {
    var listeners: [Listener] = []
    do {
      for endpoint in endpoints { listeners += try Listener.bind(to: endpoint) }
      for listener in listeners { try listener.listen(backlog: backlog) }
    } catch {
      for listener in listeners { listener.cleanUp() }
      throw error
    }
    self.listeners = Mutex(listeners)
  }

  /// Releases the addresses, unless a server has taken them.
  package func release() {
    for listener in take() { listener.cleanUp() }
  }

  /// Returns the listeners. The caller closes them.
  func take() -> [Listener] {
    listeners.withLock { listeners in
      defer { listeners = [] }
      return listeners
    }
  }
}
