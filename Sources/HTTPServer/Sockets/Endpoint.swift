internal import Synchronization

/// Where a server is to listen.
package enum Endpoint: Sendable, Hashable {
  /// A name or address, and a port; port 0 takes a free one. A name stands for all of its addresses.
  case tcp(host: String, port: UInt16)
  /// A Unix socket at that path. A file that an earlier process left there is replaced, where nobody listens on it.
  /// Whoever may write to the file may connect; without permissions it is left to the process's umask.
  case unix(path: String, permissions: UInt16? = nil)
}

/// Where a server does listen.
package struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
  enum Place: Sendable, Hashable {
    case tcp(PeerAddress)
    case unix(path: String)
  }

  let place: Place

  /// The port; nil for a Unix socket.
  package var port: UInt16? {
    if case .tcp(let address) = place { address.port } else { nil }
  }

  /// The path; nil for a port.
  package var path: String? {
    if case .unix(let path) = place { path } else { nil }
  }

  /// As in `http://127.0.0.1:8080` and `unix:/run/server.sock`.
  package var description: String {
    switch place {
    case .tcp(let address): "http://\(address)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

/// Addresses that a process has taken and does not serve yet: nothing else can listen there, and a client that connects
/// waits. For what takes long or changes something before it can serve, and should not begin if it can't.
///
/// They are listened on at once. Linux lets a second process bind a port that is only bound, and a Unix socket that nobody
/// listens on passes for one that was left behind.
package final class BoundEndpoints: Sendable {
  private let listeners: Mutex<[Listener]>

  /// Takes the addresses. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` if one can't be taken; none is then.
  ///
  /// - Parameter backlog: connections that wait to be accepted.
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

  /// Gives the addresses up, unless a server has them by now.
  package func giveUp() {
    for listener in take() { listener.cleanUp() }
  }

  /// Hands the listeners over: whoever has them closes them.
  func take() -> [Listener] {
    listeners.withLock { listeners in
      defer { listeners = [] }
      return listeners
    }
  }
}
