internal import Evento

// A store says of a cursor that it is foreign, and the request what it is called there: it may have several.

extension EventoError {
  func naming(cursor name: @autoclosure () -> String) -> EventoError {
    code == .cursorNotInHistory ? .cursorNotInHistory(name()) : self
  }
}

extension Result where Failure == EventoError {
  func naming(cursor name: @autoclosure () -> String) -> Result {
    mapError { $0.naming(cursor: name()) }
  }
}

/// Calls `body`, and names the cursor in an error that is about it.
func naming<Value>(
  cursor name: @autoclosure () -> String, _ body: () async throws -> Value
) async throws -> Value {
  do {
    return try await body()
  } catch {
    throw EventoError(wrapping: error).naming(cursor: name())
  }
}
