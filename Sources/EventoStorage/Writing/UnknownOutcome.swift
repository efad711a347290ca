package import Evento

extension EventoError {
  /// The error of an operation that may have been done, although its commit has reported this error.
  ///
  /// - Parameter advice: What may have been done, and what to do: one or more sentences.
  package func withUnknownOutcome(_ advice: String) -> EventoError {
    EventoError(code, "\(detail) \(advice)", facts: facts, cause: cause)
  }

  /// The advice for a write of events.
  package static let adviceForWriteInDoubt =
    "This write may have been stored. Retry it with the same ids: it is not stored twice."
}
