internal import Evento

// A store reports that a cursor is foreign. The request determines the cursor's name in the error, since it may have
// several.

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

/// Calls `body`, and adds the cursor's name to an error about a cursor.
func naming<Value>(
  cursor name: @autoclosure () -> String, _ body: () async throws -> Value
) async throws -> Value {
  do {
    return try await body()
  } catch {
    throw EventoError(wrapping: error).naming(cursor: name())
  }
}
