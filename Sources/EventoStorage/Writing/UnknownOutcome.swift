package import Evento

extension EventoError {
  /// The error of a write that may have been stored, although its commit has reported this error.
  package var withUnknownOutcome: EventoError {
    EventoError(
      code, detail + " This write may have been stored. Retry it with the same ids: it is not stored twice.",
      facts: facts, cause: cause)
  }
}
