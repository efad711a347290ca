internal import Synchronization

/// The limits and counters that all event loops share.
final class ConnectionLimits: Sendable {
  private let open = Atomic(0)
  private let accepted = Atomic(0)
  private let refused = Atomic(0)
  private let requests = Atomic(0)
  private let protocolErrors = Atomic(0)
  private let timeouts = Atomic(0)
  private let evictions = Atomic(0)
  private let acceptFailures = Atomic(0)
  private let bodyBytes = Atomic(0)
  private let perPeer = Mutex<[PeerAddress: Int]>([:])

  enum Admission {
    case admitted
    case tooMany
    case tooManyOfPeer
  }

  func countRejection() { refused.add(1, ordering: .relaxed) }
  func countRequest() { requests.add(1, ordering: .relaxed) }
  func countProtocolError() { protocolErrors.add(1, ordering: .relaxed) }
  func countTimeout() { timeouts.add(1, ordering: .relaxed) }
  func countEviction() { evictions.add(1, ordering: .relaxed) }
  func countAcceptFailure() { acceptFailures.add(1, ordering: .relaxed) }

  /// Counts a connection; ``leave(_:)`` must be called after it, whatever the result.
  func enter(_ peer: PeerAddress, _ configuration: ServerConfiguration) -> Admission {
    accepted.add(1, ordering: .relaxed)
    let count = open.add(1, ordering: .relaxed).newValue
    // Everything through a Unix socket comes from this machine, often from a proxy.
    guard peer != .unix else { return count <= configuration.connections ? .admitted : .tooMany }
    let ofPeer = perPeer.withLock { peers in
      peers[peer.limitKey, default: 0] += 1
      return peers[peer.limitKey, default: 0]
    }
    guard count <= configuration.connections else { return .tooMany }
    guard ofPeer <= configuration.connectionsPerPeer else { return .tooManyOfPeer }
    return .admitted
  }

  func leave(_ peer: PeerAddress) {
    open.subtract(1, ordering: .relaxed)
    guard peer != .unix else { return }
    perPeer.withLock { peers in
      let count = peers[peer.limitKey, default: 1] - 1
      peers[peer.limitKey] = count > 0 ? count : nil
    }
  }

  /// Counts bytes of a body, if the limit allows it. ``releaseBody(_:)`` releases them, once its request has a response
  /// or is given up.
  func reserveBody(_ count: Int, upTo limit: Int) -> Bool {
    guard bodyBytes.add(count, ordering: .relaxed).newValue > limit else { return true }
    releaseBody(count)
    return false
  }

  func releaseBody(_ count: Int) {
    guard count > 0 else { return }
    bodyBytes.subtract(count, ordering: .relaxed)
  }

  var statistics: ServerStatistics {
    var statistics = ServerStatistics()
    statistics.openConnections = open.load(ordering: .relaxed)
    statistics.acceptedConnections = accepted.load(ordering: .relaxed)
    statistics.refusedConnections = refused.load(ordering: .relaxed)
    statistics.requests = requests.load(ordering: .relaxed)
    statistics.protocolErrors = protocolErrors.load(ordering: .relaxed)
    statistics.timeouts = timeouts.load(ordering: .relaxed)
    statistics.evictions = evictions.load(ordering: .relaxed)
    statistics.acceptFailures = acceptFailures.load(ordering: .relaxed)
    return statistics
  }
}
