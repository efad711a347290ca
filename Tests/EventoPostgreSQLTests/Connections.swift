import Dispatch
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Runs `body`, which blocks, on a thread that may block.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
  }
}

/// Runs `body` with a connection of its own.
///
/// - Parameter url: The database; `nil` for that of the shared server.
func withConnection<Value: Sendable>(
  _ url: String? = nil, for access: Connection.Access = .writing, schema: String? = nil,
  _ body: @escaping @Sendable (Connection) throws -> Value
) async throws -> Value {
  let sharedURL = try await PostgreSQLServer.shared.database.url
  return try await onThread {
    try body(try Connection(try ConnectionSettings(url ?? sharedURL, schema: schema), for: access))
  }
}

/// Returns the failure of `body`.
func failure(_ body: () throws -> Void) throws -> PostgreSQLFailure {
  try #require(throws: PostgreSQLFailure.self, performing: body)
}
