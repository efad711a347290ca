internal import Synchronization

/// A request, passed from its task to the thread that carries it out.
final class Transfer: Sendable {
  let request: TransferRequest
  /// `nil` for no deadline, as long as bytes arrive.
  let deadline: ContinuousClock.Instant?
  /// The pipe for the body of a successful response; `nil` to collect it and return it complete.
  let pipe: BodyPipe?
  private let cancelled = Atomic(false)

  init(_ request: TransferRequest, deadline: ContinuousClock.Instant?, into pipe: BodyPipe? = nil) {
    self.request = request
    self.deadline = deadline
    self.pipe = pipe
  }

  /// True if the response is no longer needed.
  var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

  func cancel() {
    cancelled.store(true, ordering: .releasing)
  }
}
