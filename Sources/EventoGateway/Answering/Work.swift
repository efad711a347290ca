internal import Evento
internal import HTTPServer

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
