internal import Synchronization

/// Cancels work that has not begun, because no caller waits for its result.
package final class CancellationFlag: Sendable {
  private let flag = Atomic(false)

  package init() {}

  package var isSet: Bool { flag.load(ordering: .relaxed) }

  package func set() { flag.store(true, ordering: .relaxed) }
}

extension EventoError {
  /// The error of a read or write that was cancelled before it began.
  package static let requestDropped = EventoError(
    .unavailable, "The request was cancelled before it began.", isTransient: false)

  /// The error of a request that a closing store refuses.
  package static let storeClosed = EventoError(
    .unavailable, "The store is shutting down. Retry after it has restarted.", isTransient: false)
}
