internal import Evento
internal import HTTPServer
internal import Synchronization

/// The way in which the response to a request is made, once the request has been decoded.
enum Work: Sendable {
  /// The response is ready.
  case response(Response)
  /// A store makes it and calls back when it is done, so that no task has to wait. The closure is called on the event
  /// loop: it must not block.
  case callback(@Sendable (Reply) -> Void)
  /// A task makes it, which can wait for events.
  case task(@Sendable (Hold) async throws -> Response)

  /// Does the work in the current task.
  func response(_ hold: Hold) async throws -> Response {
    switch self {
    case .response(let response): return response
    case .callback(let begin): return try await Reply.response(begin)
    case .task(let body): return try await body(hold)
    }
  }
}

/// The state of a request that waits for events or follows them.
final class Hold: Sendable {
  /// Set when the client has half-closed its connection: it may be gone, and would keep a follower's slot.
  let interruption = Interruption()
  private let mark = Atomic(false)

  /// True if a read was held until there were events: its duration does not say how fast reads are.
  var isSet: Bool { mark.load(ordering: .relaxed) }

  func set() {
    mark.store(true, ordering: .relaxed)
  }
}
