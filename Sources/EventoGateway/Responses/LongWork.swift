internal import Dispatch

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
