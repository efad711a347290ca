internal import Dispatch
internal import Evento
internal import HTTPServer
internal import Synchronization

/// The way in which the response to a request is made, once the request has been decoded.
enum Work: Sendable {
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

/// Runs long computations on threads of Dispatch instead of the cooperative pool: a few requests with large bodies must
/// not block all other tasks.
final class LongWork: TaskExecutor {
  static let executor = LongWork()

  private let queue = DispatchQueue(label: "evento.gateway.long-work", attributes: .concurrent)

  /// Runs `body` on such a thread.
  static func run(_ body: @escaping @Sendable () -> Void) {
    executor.queue.async(execute: body)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
