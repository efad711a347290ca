internal import Synchronization

/// Addresses that a process has taken, and does not listen on yet: nothing else can listen there, and a client is refused.
/// For what takes long or changes something before it can serve, and should not begin if it can't.
public final class BoundEndpoints: Sendable {
  private let listeners: Mutex<[Listener]>

  /// Takes the addresses. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` if one can't be taken; none is then.
  public init(_ endpoints: [Endpoint]) throws {
    var listeners: [Listener] = []
    do {
      for endpoint in endpoints { listeners += try Listener.bind(to: endpoint) }
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
