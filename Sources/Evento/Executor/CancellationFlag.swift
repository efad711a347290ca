internal import Synchronization

/// Tells work that has not begun that nobody waits for it any more.
package final class CancellationFlag: Sendable {
  private let flag = Atomic(false)

  package init() {}

  package var isSet: Bool { flag.load(ordering: .relaxed) }

  package func set() { flag.store(true, ordering: .relaxed) }
}

extension EventoError {
  /// Of a read that was dropped before it began, because nobody waited for it any more.
  package static let readDropped = EventoError(
    .unavailable, "The read was cancelled before it began.", isPassing: false)
}
