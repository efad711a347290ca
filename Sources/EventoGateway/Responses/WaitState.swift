internal import Evento
internal import Synchronization

/// The state of a request that can wait for events.
final class WaitState: Sendable {
  /// Set when the client has half-closed its connection: it may be gone, and would keep a follower's permit.
  let interruption = Interruption()
  private let waited = Atomic(false)

  /// True if the request has waited: its duration does not say how fast reads are.
  var hasWaited: Bool { waited.load(ordering: .relaxed) }

  func recordWait() {
    waited.store(true, ordering: .relaxed)
  }
}
