internal import Synchronization

/// An HTTP/1.1 server on POSIX sockets.
///
/// A few threads own all connections (``ServerConfiguration/eventLoops``); each waits for all of its own at once,
/// parses what comes, and asks the handler. A server runs until ``shutDown(grace:)``, whether or not anyone holds it.
public final class HTTPServer: Sendable {
  private struct Ending {
    var loopsRunning: Int
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  /// Where it listens, in the order of the endpoints; a name that has several addresses has as many here.
  public let addresses: [BoundAddress]
  private let loops: [EventLoop]
  private let counters: Counters
  private let listeners: Mutex<[Listener]>
  private let ending: Mutex<Ending>

  private init(_ listeners: [Listener], _ loops: [EventLoop], _ counters: Counters) {
    addresses = listeners.map(\.address)
    self.loops = loops
    self.counters = counters
    self.listeners = Mutex(listeners)
    ending = Mutex(Ending(loopsRunning: loops.count))
  }

  /// Listens, and serves from now on. It blocks while a host's name is looked up.
  ///
  /// - Throws: ``SystemError`` where an endpoint can't be listened on, or there is no room for a thread.
  public static func start(
    on endpoints: [Endpoint], configuration: ServerConfiguration = ServerConfiguration(),
    handler: any RequestHandler
  ) throws -> HTTPServer {
    try start(
      on: try BoundEndpoints(endpoints, backlog: configuration.backlog), configuration: configuration, handler: handler)
  }

  /// Listens on addresses that are taken already, and serves from now on.
  ///
  /// - Throws: ``SystemError`` if one can't be listened on, or there is no room for a thread; they are given up then.
  public static func start(
    on endpoints: BoundEndpoints, configuration: ServerConfiguration = ServerConfiguration(),
    handler: any RequestHandler
  ) throws -> HTTPServer {
    let listeners = endpoints.take()
    do {
      let counters = Counters()
      let loops = try (0..<max(configuration.eventLoops, 1)).map { _ in
        try EventLoop(configuration, handler: handler, counters: counters, listeners: listeners)
      }
      let server = HTTPServer(listeners, loops, counters)
      try server.startThreads()
      return server
    } catch {
      for listener in listeners { listener.cleanUp() }
      throw error
    }
  }

  /// What it has done so far.
  public var statistics: ServerStatistics { counters.statistics }

  /// Stops: takes no more connections, closes those that nothing is in flight on, tells streams
  /// (``BodyWriter/onShutdown(_:)``), finishes what is in flight, and returns when all is closed.
  ///
  /// - Parameter grace: after it, what is still in flight is cancelled and closed. Called again, the shorter one counts.
  public func shutDown(grace: Duration) async {
    let deadline = MonotonicTime.now + TimeSpan(grace)
    for loop in loops { loop.mailbox.send(.stop(deadline)) }
    letGoOfListeners()
    await withCheckedContinuation { continuation in
      let isOver = ending.withLock { ending in
        if ending.loopsRunning > 0 { ending.waiting.append(continuation) }
        return ending.loopsRunning == 0
      }
      if isOver { continuation.resume() }
    }
  }

  /// They are closed once the event loops have let go of them too.
  private func letGoOfListeners() {
    listeners.withLock { listeners in
      for listener in listeners { listener.cleanUp() }
      listeners = []
    }
  }

  private func startThreads() throws(SystemError) {
    for (index, loop) in loops.enumerated() {
      do throws(SystemError) {
        try Thread.start("event-loop") { [self] in
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
