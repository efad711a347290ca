internal import Evento
internal import HTTPServer
internal import Synchronization

/// How the response to a request is made, once the request has been decoded.
enum Work: Sendable {
  /// It is there.
  case response(Response)
  /// By a store that calls back when it is done, so that no task has to wait. The closure is called on the event loop: it
  /// must not block.
  case callback(@Sendable (Reply) -> Void)
  /// By a task, which may wait for events.
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
