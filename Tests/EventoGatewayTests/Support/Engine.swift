import Evento
import EventoGateway
import EventoPostgreSQL
import EventoSQLite
import Synchronization
import TestSupport

extension Engine {
  private static let schemas = Atomic(0)

  /// Runs `body` on a new store.
  func withStore(_ body: (any Executor) async throws -> Void) async throws {
    switch self {
    case .sqlite:
      let store = try await SQLiteExecutor.open(":memory:")
      try await closing(store, { await store.close() }, body)
    case .postgreSQL:
      var configuration = PostgreSQLConfiguration(url: try await PostgreSQLServer.shared.database.url)
      configuration.schema = "gateway_\(Self.schemas.add(1, ordering: .relaxed).newValue)"
      let store = try await PostgreSQLExecutor.open(configuration)
      try await closing(store, { await store.close() }, body)
    }
  }

  private func closing(
    _ store: any Executor, _ close: () async -> Void, _ body: (any Executor) async throws -> Void
  ) async throws {
    do {
      try await body(store)
    } catch {
      await close()
      throw error
    }
    await close()
  }
}

/// A gateway on a free port of this machine over a new store.
func withGateway(
  on engine: Engine, _ configure: (inout GatewayConfiguration) -> Void = { _ in },
  _ body: (HTTPClient) async throws -> Void
) async throws {
  try await engine.withStore { store in try await withGateway(over: store, configure, body) }
}
