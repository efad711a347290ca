internal import Synchronization

/// Addresses that a process has taken and does not serve yet: nothing else can listen there, and a client that connects
/// waits. For what takes long or changes something before it can serve, and should not begin if it can't.
///
/// They are listened on at once. Linux lets a second process bind a port that is only bound, and a Unix socket that nobody
/// listens on passes for one that was left behind.
public final class BoundEndpoints: Sendable {
  private let listeners: Mutex<[Listener]>

  /// Takes the addresses. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` if one can't be taken; none is then.
  ///
  /// - Parameter backlog: connections that wait to be accepted.
  public init(_ endpoints: [Endpoint], backlog: Int = ServerConfiguration().backlog) throws {
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
  public func giveUp() {
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
