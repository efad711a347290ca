internal import Evento
package import EventoStorage

extension SQLiteExecutor {
  /// Verifies a store that other processes may read and write. It sees the state at the beginning.
  ///
  /// - Parameters:
  ///   - path: The database. It must exist.
  ///   - progress: Called from time to time with the completed fraction, 0 to 1, on the thread that verifies.
  /// - Throws: `invalid_request` if there is no such file; `unavailable` if it can't be read, or the task is cancelled.
  package static func verify(
    _ path: String, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Verification {
    try await blocking(path, progress) { work in
      guard FileSystem.exists(path) else {
        throw EventoError(.invalidRequest, "There is no database \(path). Check the path.")
      }
      let connection: Connection
      do {
        connection = try DatabaseFile.openForReading(path)
      } catch let error as EventoError where [.invalidRequest, .internal].contains(error.code) {
        // It is not a store, or no longer.
        var result = Verification()
        result.report(error.detail)
        return result
      }
      defer { connection.close() }
      return try StoreVerification(connection, path: path, work).run()
    }
  }
}
