internal import Dispatch

/// Runs work that computes for long on threads of Dispatch, in the place of those of the cooperative pool: a few requests
/// with large bodies must not hold up every other task.
final class LongWork: TaskExecutor {
  static let executor = LongWork()

  private let queue = DispatchQueue(label: "evento.gateway.long-work", attributes: .concurrent)

  /// Runs `body` there.
  static func run(_ body: @escaping @Sendable () -> Void) {
    executor.queue.async(execute: body)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
