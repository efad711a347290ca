internal import Synchronization

/// A request on its way, from the task that asks to the thread that carries it out.
final class Transfer: Sendable {
  let request: TransferRequest
  let deadline: ContinuousClock.Instant
  private let cancelled = Atomic(false)

  init(_ request: TransferRequest, deadline: ContinuousClock.Instant) {
    self.request = request
    self.deadline = deadline
  }

  /// Whether nobody wants the answer any more.
  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() {
    cancelled.store(true, ordering: .releasing)
  }
}
