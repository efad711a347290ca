internal import Synchronization

/// An HTTP/1.1 server on POSIX sockets.
///
/// A few threads own all connections (``ServerConfiguration/eventLoops``). Each waits for all of its own at once,
/// parses the input, and calls the handler. A server runs until ``shutDown(grace:)``, even if its object is released.
package final class HTTPServer: Sendable {
  private struct Ending {
    var loopsRunning: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// The addresses that it listens on, in the order of the endpoints. A name with several addresses has several here.
  package let addresses: [BoundAddress]
  private let loops: [EventLoop]
  private let limits: ConnectionLimits
  private let listeners: Mutex<[Listener]>
  private let ending: Mutex<Ending>

  private init(_ listeners: [Listener], _ loops: [EventLoop], _ limits: ConnectionLimits) {
    addresses = listeners.map(\.address)
    self.loops = loops
    self.limits = limits
    self.listeners = Mutex(listeners)
    ending = Mutex(Ending(loopsRunning: loops.count))
  }

  /// Listens, and begins to serve. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` if the server can't listen on an endpoint, or can't start a thread.
  package static func start(
    on endpoints: [Endpoint], configuration: ServerConfiguration = ServerConfiguration(),
    handler: any RequestHandler
  ) throws -> HTTPServer {
    try start(
      on: try BoundEndpoints(endpoints, backlog: configuration.backlog), configuration: configuration, handler: handler)
  }

  /// Begins to serve bound addresses.
  ///
  /// - Throws: ``SystemError`` if it can't get a thread or a descriptor; the addresses are released then.
  package static func start(
    on endpoints: BoundEndpoints, configuration: ServerConfiguration = ServerConfiguration(),
    handler: any RequestHandler
  ) throws -> HTTPServer {
    let listeners = endpoints.take()
    do {
      let limits = ConnectionLimits()
      let loops = try (0..<max(configuration.eventLoops, 1)).map { _ in
        try EventLoop(configuration, handler: handler, limits: limits, listeners: listeners)
      }
      let server = HTTPServer(listeners, loops, limits)
      try server.startThreads()
      return server
    } catch {
      for listener in listeners { listener.cleanUp() }
      throw error
    }
  }

  /// The counters since the start.
  package var statistics: ServerStatistics {
    var statistics = limits.statistics
    for loop in loops {
      statistics.receivedBytes += loop.traffic.received
      statistics.sentBytes += loop.traffic.sent
    }
    return statistics
  }

  /// Stops: accepts no more connections, closes those without a request in flight, waits for the others, including
  /// streams, and returns when all are closed.
  ///
  /// - Parameter grace: The time after which requests in flight are cancelled and closed. If called again, the shorter
  ///   one wins.
  package func shutDown(grace: Duration) async {
    let deadline = MonotonicTime.now + TimeSpan(grace)
    for loop in loops { loop.mailbox.send(.stop(deadline)) }
    releaseListeners()
    await withCheckedContinuation { continuation in
      let isOver = ending.withLock { ending in
        if ending.loopsRunning > 0 { ending.waiting.append(continuation) }
        return ending.loopsRunning == 0
      }
      if isOver { continuation.resume() }
    }
  }

  /// Releases the listeners. They are closed once the event loops have released them too.
  private func releaseListeners() {
    listeners.withLock { listeners in
      for listener in listeners { listener.cleanUp() }
      listeners = []
    }
  }

  private func startThreads() throws(SystemError) {
    for (index, loop) in loops.enumerated() {
      do throws(SystemError) {
        try DetachedThread.start("event-loop") { [self] in
          loop.run()
          loopHasEnded()
        }
      } catch {
        for started in loops[..<index] { started.mailbox.send(.stop(.now)) }
        throw error
      }
    }
  }

  private func loopHasEnded() {
    let waiting = ending.withLock { ending in
      ending.loopsRunning -= 1
      guard ending.loopsRunning == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { ending.waiting = [] }
      return ending.waiting
    }
    for continuation in waiting { continuation.resume() }
  }
}
