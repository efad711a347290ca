import Evento
import EventoHTTP
import Foundation
import Synchronization

/// A server that does to each connection what a script says, on a thread for each.
final class ScriptedServer: Sendable {
  typealias Script = @Sendable (Peer) -> Void

  let baseURL: String
  private let listener: Int32
  private let state = Mutex(State())

  private struct State {
    var accepted = 0
    var peers: [Int: Peer] = [:]
    var mostAtOnce = 0
    var isStopped = false
    var isListening = true
  }

  /// How many connections have been made.
  var accepted: Int { state.withLock { $0.accepted } }
  /// The most connections that were open at a time.
  var mostAtOnce: Int { state.withLock { $0.mostAtOnce } }
  /// How many connections are open.
  var open: Int { state.withLock { $0.peers.count } }

  convenience init(_ script: @escaping Script) throws {
    let (listener, port) = try ListeningSocket.loopback()
    self.init(listener, baseURL: "http://127.0.0.1:\(port)", script)
  }

  convenience init(unixSocket path: String, _ script: @escaping Script) throws {
    self.init(try ListeningSocket.unix(path), baseURL: "http://gateway.invalid", script)
  }

  /// A server that responds to each request of each connection.
  convenience init(respondingWith response: @escaping @Sendable (Request) -> [UInt8]) throws {
    try self.init { peer in
      while let request = peer.readRequest(), peer.write(response(request)) {}
    }
  }

  private init(_ listener: Int32, baseURL: String, _ script: @escaping Script) {
    self.listener = listener
    self.baseURL = baseURL
    Thread.detachNewThread { [self] in
      while true {
        let descriptor = accept(listener, nil, nil)
        guard descriptor >= 0, let peer = add(descriptor) else { break }
        Thread.detachNewThread { [self] in
          script(peer)
          peer.end()
          remove(peer)
        }
      }
      // Under the lock, as in `stop`: once closed, the number may be another socket's.
      state.withLock { state in
        close(listener)
        state.isListening = false
      }
    }
  }

  private func add(_ descriptor: Int32) -> Peer? {
    state.withLock { state in
      state.accepted += 1
      let peer = Peer(descriptor, number: state.accepted)
      guard !state.isStopped else {
        peer.end()
        return nil
      }
      state.peers[peer.number] = peer
      state.mostAtOnce = max(state.mostAtOnce, state.peers.count)
      return peer
    }
  }

  private func remove(_ peer: Peer) {
    state.withLock { $0.peers[peer.number] = nil }
  }

  /// Takes no more connections and ends those that there are.
  func stop() {
    let peers = state.withLock { state in
      state.isStopped = true
      if state.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
      return Array(state.peers.values)
    }
    for peer in peers { peer.hangUp() }
  }
}

/// A configuration for tests: no proxy, short pauses, and as many tries as it takes.
func testConfiguration(_ change: (inout HTTPConfiguration) -> Void = { _ in }) -> HTTPConfiguration {
  var configuration = HTTPConfiguration()
  configuration.proxy = .none
  configuration.retry.backoff.initialDelay = .milliseconds(1)
  configuration.retry.backoff.maximumDelay = .milliseconds(4)
  change(&configuration)
  return configuration
}

/// Runs a body against a server, and stops it afterwards.
func withServer(
  _ server: ScriptedServer, _ configuration: HTTPConfiguration = testConfiguration(), path: String = "",
  _ body: (HTTPExecutor) async throws -> Void
) async throws {
  defer { server.stop() }
  let executor = try HTTPExecutor(baseURL: server.baseURL + path, configuration: configuration)
  try await body(executor)
  await executor.close()
}
