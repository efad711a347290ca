internal import Evento
internal import Synchronization

/// Work that takes long, such as a copy: says how far it is, and can be cancelled from any thread.
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
  /// - Parameter state: what has become of the file.
  static func cancelled(_ state: String) -> EventoError {
    EventoError(.unavailable, "Cancelled; \(state)", isPassing: false)
  }
}
