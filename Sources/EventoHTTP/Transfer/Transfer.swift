internal import Synchronization

/// A request on its way, from the task that asks to the thread that carries it out.
final class Transfer: Sendable {
  let request: TransferRequest
  /// `nil`: it may take as long as it likes, for as long as something comes.
  let deadline: ContinuousClock.Instant?
  /// Where the body of a successful answer goes as it comes; `nil`: it is gathered, and handed over when it is whole.
  let pipe: BodyPipe?
  private let cancelled = Atomic(false)

  init(_ request: TransferRequest, deadline: ContinuousClock.Instant?, into pipe: BodyPipe? = nil) {
    self.request = request
    self.deadline = deadline
    self.pipe = pipe
  }

  /// Whether nobody wants the answer any more.
  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() {
    cancelled.store(true, ordering: .releasing)
  }
}
