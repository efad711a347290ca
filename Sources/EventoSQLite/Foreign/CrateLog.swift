internal import Dispatch
package import Evento
package import EventoStorage

/// A SQLite store of the Rust crate `evento` 2.0, to import it. Its files are not changed.
///
/// All reads see the store as it was when it was opened.
///
/// `@unchecked Sendable`: the tables, with their connection, are used only on `queue`.
package final class CrateLog: ForeignLog, @unchecked Sendable {
  package let count: Int
  private let path: String
  private let tables: CrateTables
  private let queue: DispatchQueue

  /// - Throws: `invalid_request` if the file is not such a store; `unavailable` if it can't be read; `CancellationError`.
  package static func open(_ path: String) async throws -> CrateLog {
    let (queue, work) = (DispatchQueue(label: "evento.sqlite.import"), CancellableWork())
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async {
          continuation.resume(
            with: Result {
              do {
                return try CrateLog(path, queue, work)
              } catch {
                throw work.isCancelled ? CancellationError() : Self.error(error, path)
              }
            })
        }
      }
    } onCancel: {
      work.cancel()
    }
  }

  private init(_ path: String, _ queue: DispatchQueue, _ work: CancellableWork) throws {
    try DatabasePath.check(path)
    guard FileSystem.exists(path) else {
      throw EventoError(.invalidRequest, "There is no database \(path). Check the path.")
    }
    let connection = try DatabaseFile.look(at: path, busyTimeout: SQLiteConfiguration().busyTimeout)
    do {
      // Sorting a large log takes a while.
      connection.setWork(work)
      tables = CrateTables(connection: connection, path: path)
      try connection.beginSnapshot()
      try tables.check()
      count = try tables.order()
      connection.setWork(nil)
    } catch {
      connection.close()
      throw error
    }
    (self.path, self.queue) = (path, queue)
  }

  package func close() async {
    try? await perform { $0.connection.close() }
  }

  package func events(after position: Int, first count: Int) async throws -> [Event] {
    try await perform { try $0.events(after: position, first: count) }
  }

  package func subscribers() async throws -> [ForeignRow<Subscriber>] {
    try await perform { try $0.subscribers() }
  }

  package func snapshots(after offset: Int, first count: Int) async throws -> [ForeignRow<KeyedSnapshot>] {
    try await perform { try $0.snapshots(after: offset, first: count) }
  }

  private func perform<Value: Sendable>(_ body: @escaping @Sendable (CrateTables) throws -> Value) async throws -> Value
  {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { [self] in
        continuation.resume(
          with: Result {
            do {
              return try body(tables)
            } catch {
              throw Self.error(error, path)
            }
          })
      }
    }
  }

  private static func error(_ error: any Error, _ path: String) -> any Error {
    guard let failure = error as? SQLiteFailure else { return error }
    guard failure.isDamage else { return failure.error(of: path) }
    return EventoError(
      .invalidRequest, "\(path) is not a SQLite database, or is damaged (\(failure.message)). Name another file.",
      cause: failure.error.cause)
  }
}
