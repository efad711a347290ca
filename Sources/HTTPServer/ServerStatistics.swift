internal import Synchronization

/// The server's counters at one moment.
package struct ServerStatistics: Sendable, Equatable {
  /// The number of open connections.
  package var openConnections = 0
  /// The number of connections accepted since the start, including refused ones.
  package var acceptedConnections = 0
  /// The number of connections over a limit.
  package var refusedConnections = 0
  /// The number of requests with a complete head.
  package var requests = 0
  /// The number of requests that ended in a ``HTTPProtocolError``.
  package var protocolErrors = 0
  /// The number of connections closed, or requests given up, because a deadline had passed.
  package var timeouts = 0
  /// The number of connections closed because the waiting responses of all clients had too many bytes.
  package var evictions = 0
  /// The number of times that no connection could be accepted because of a limit of the process or machine (`EMFILE`
  /// and the like).
  package var acceptFailures = 0
  /// The number of bytes received from all clients.
  package var receivedBytes = 0
  /// The number of bytes sent to all clients.
  package var sentBytes = 0

  /// Creates statistics with all values zero.
  package init() {}
}
