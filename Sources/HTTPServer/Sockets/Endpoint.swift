/// Where a server is to listen.
public enum Endpoint: Sendable, Hashable {
  /// A name or address, and a port; port 0 takes a free one. A name stands for all of its addresses.
  case tcp(host: String, port: UInt16)
  /// A Unix socket at that path. A file that an earlier process left there is replaced, where nobody listens on it.
  /// Whoever may write to the file may connect; without permissions it is left to the process's umask.
  case unix(path: String, permissions: UInt16? = nil)
}

/// Where a server does listen.
public struct BoundAddress: Sendable, Hashable, CustomStringConvertible {
  enum Place: Sendable, Hashable {
    case tcp(PeerAddress)
    case unix(path: String)
  }

  let place: Place

  /// The port; nil for a Unix socket.
  public var port: UInt16? {
    if case .tcp(let address) = place { address.port } else { nil }
  }

  /// The path; nil for a port.
  public var path: String? {
    if case .unix(let path) = place { path } else { nil }
  }

  /// As in `http://127.0.0.1:8080` and `unix:/run/server.sock`.
  public var description: String {
    switch place {
    case .tcp(let address): "http://\(address)"
    case .unix(let path): "unix:\(path)"
    }
  }
}
