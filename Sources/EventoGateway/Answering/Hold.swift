internal import Evento
internal import Synchronization

/// What a request that may wait for events, or follows them, has to know of its waiting.
final class Hold: Sendable {
  /// Comes when the client has sent its end: it may be gone, and would keep a place among the followers.
  let interruption = Interruption()
  private let mark = Atomic(false)

  /// Whether a read was held until there were events: how long that takes says nothing of how fast reads are.
  var isSet: Bool { mark.load(ordering: .relaxed) }

  func set() {
    mark.store(true, ordering: .relaxed)
  }
}
