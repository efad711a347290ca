import Evento
import EventoGateway
import EventoHTTP
import EventoSQLite
import HTTPServer
import Logging
import Testing

/// A real gateway on a free port, over any executor.
func withGateway(
  over store: any Executor, _ configure: (inout GatewayConfiguration) -> Void = { _ in },
  _ body: (_ baseURL: String) async throws -> Void
) async throws {
  var configuration = GatewayConfiguration()
  configure(&configuration)
  let gateway = Gateway(
    store, configuration: configuration, log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  let server = try HTTPServer.start(on: [.tcp(host: "127.0.0.1", port: 0)], handler: gateway)
  do {
    let port = try #require(server.addresses.first?.port)
    try await body("http://127.0.0.1:\(port)")
  } catch {
    await server.shutDown(grace: .seconds(5))
    throw error
  }
  await server.shutDown(grace: .seconds(5))
}

/// A store, and an executor that reaches it through a number of gateways in a row.
func withStore(
  behind gateways: Int = 1, _ configuration: HTTPConfiguration = testConfiguration(),
  _ body: (_ store: SQLiteExecutor, _ executor: HTTPExecutor) async throws -> Void
) async throws {
  let store = try await SQLiteExecutor.open(":memory:")
  do {
    try await withGateway(over: store) { baseURL in
      let executor = try HTTPExecutor(baseURL: baseURL, configuration: configuration)
      if gateways == 1 {
        try await body(store, executor)
      } else {
        try await withGateway(over: executor) { baseURL in
          let outer = try HTTPExecutor(baseURL: baseURL, configuration: configuration)
          try await body(store, outer)
          await outer.close()
        }
      }
      await executor.close()
    }
  } catch {
    await store.close()
    throw error
  }
  await store.close()
}
