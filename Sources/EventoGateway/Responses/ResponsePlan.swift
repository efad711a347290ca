internal import HTTPServer

/// The way in which the response to a request is made, once the request has been decoded.
enum ResponsePlan: Sendable {
  /// The response is ready.
  case response(Response)
  /// A store makes it and calls back when it is done, so that no task has to wait. The closure is called on the event
  /// loop: it must not block.
  case callback(@Sendable (GatewayResponder) -> Void)
  /// A task makes it, which can wait for events.
  case task(@Sendable (WaitState) async throws -> Response)

  /// Does the work in the current task.
  func response(_ waitState: WaitState) async throws -> Response {
    switch self {
    case .response(let response): return response
    case .callback(let begin): return try await GatewayResponder.response(begin)
    case .task(let body): return try await body(waitState)
    }
  }
}
