internal import Evento
internal import Synchronization

/// A long operation, such as a copy: it reports its progress, and can be cancelled from any thread.
final class CancellableWork: Sendable {
  private let progress: @Sendable (Double) -> Void
  private let cancelled = Atomic(false)

  init(_ progress: @escaping @Sendable (Double) -> Void = { _ in }) {
    self.progress = progress
  }

  var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

  func cancel() {
    cancelled.store(true, ordering: .relaxed)
  }

  func show(_ share: Double) {
    progress(share)
  }
}

extension EventoError {
  /// - Parameter state: The state of the file, as a sentence.
  static func cancelled(_ state: String) -> EventoError {
    EventoError(.unavailable, "Cancelled. \(state)", isTransient: false)
  }
}
