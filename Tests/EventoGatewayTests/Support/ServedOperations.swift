import EventoSQLite
import Logging

@testable import EventoGateway

/// Returns the methods and paths that a gateway serves, such as `GET /events/{id}`.
func servedOperations() async throws -> Set<String> {
  let store = try await SQLiteExecutor.open(":memory:")
  let gateway = Gateway(store, configuration: GatewayConfiguration(), log: .silent)
  let served = gateway.router.routes.flatMap { route in
    route.operations.map { "\($0.method) \(route.pattern.template)" }
  }
  await store.close()
  return Set(served)
}
