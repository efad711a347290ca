/// What a server has done, at one moment.
public struct ServerStatistics: Sendable, Equatable {
  /// Connections that are open.
  public var openConnections = 0
  /// Connections taken since the start, those that were refused included.
  public var acceptedConnections = 0
  /// Connections that were one too many.
  public var refusedConnections = 0
  /// Requests whose head has come whole.
  public var requests = 0
  /// Requests that ended in a ``ProtocolFault``.
  public var faults = 0
  /// Connections that were closed, or requests that were given up, because a deadline had passed.
  public var timeouts = 0
  /// Connections that were closed because the answers that waited for all clients were too many bytes.
  public var cutOffs = 0
  /// Times that the machine or the process had no room for another connection (`EMFILE` and the like).
  public var exhaustions = 0

  /// All zero.
  public init() {}
}
