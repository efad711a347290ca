import Evento
import EventoGateway
import EventoSQLite
import HTTPServer
import Logging
import TestSupport
import Testing

/// A gateway on a free port of this machine over a database in memory.
func withGateway(
  _ configure: (inout GatewayConfiguration) -> Void = { _ in },
  store configureStore: (inout SQLiteConfiguration) -> Void = { _ in },
  _ body: (HTTPClient) async throws -> Void
) async throws {
  var storeConfiguration = SQLiteConfiguration()
  configureStore(&storeConfiguration)
  let store = try await SQLiteExecutor.open(":memory:", configuration: storeConfiguration)
  do {
    try await withGateway(over: store, configure, body)
  } catch {
    await store.close()
    throw error
  }
  await store.close()
}

/// A gateway over any executor.
func withGateway(
  over store: any Executor, _ configure: (inout GatewayConfiguration) -> Void = { _ in },
  log: Logger = .silent, _ body: (HTTPClient) async throws -> Void
) async throws {
  try await withRunningGateway(over: store, configure, log: log) { client, _, _ in try await body(client) }
}

/// A gateway that the body may stop, as the command does.
func withStoppableGateway(
  over store: any Executor, _ configure: (inout GatewayConfiguration) -> Void = { _ in },
  _ body: (HTTPClient, _ stop: @escaping @Sendable () async -> Void) async throws -> Void
) async throws {
  try await withRunningGateway(over: store, configure) { client, _, stop in try await body(client, stop) }
}

/// A gateway whose own calls the body makes.
func withRunningGateway(
  over store: any Executor, _ configure: (inout GatewayConfiguration) -> Void = { _ in }, log: Logger = .silent,
  server serverConfiguration: ServerConfiguration = ServerConfiguration(),
  _ body: (HTTPClient, Gateway, _ stop: @escaping @Sendable () async -> Void) async throws -> Void
) async throws {
  var configuration = GatewayConfiguration()
  configure(&configuration)
  let gateway = Gateway(store, configuration: configuration, log: log)
  let server = try HTTPServer.start(
    on: [.tcp(host: "127.0.0.1", port: 0)], configuration: serverConfiguration, handler: gateway)
  gateway.observe(server)
  let stop: @Sendable () async -> Void = {
    gateway.closeStreams()
    await server.shutDown(grace: .seconds(5))
  }
  do {
    try await body(HTTPClient(port: try #require(server.addresses.first?.port)), gateway, stop)
  } catch {
    await stop()
    throw error
  }
  await stop()
}

/// Returns an event's text with members added or replaced.
func eventJSON(_ members: [String: String] = [:]) -> String {
  var all = ["aggregator_type": "\"bank/Account\"", "aggregator_id": "\"a\"", "name": "\"Opened\""]
  all.merge(members) { $1 }
  return "{" + all.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
}

func writeJSON(_ events: String...) -> String {
  "{\"events\":[\(events.joined(separator: ","))]}"
}

extension HTTPClient {
  /// Writes events of one aggregate, numbered from 1, one request each.
  @discardableResult
  func writeEvents(_ count: Int, aggregate: String = "a", routingKey: String? = nil) async throws -> [String] {
    var cursors: [String] = []
    for index in 0..<count {
      var members = ["aggregator_id": "\"\(aggregate)\"", "data": "{\"n\":\(index + 1)}"]
      members["routing_key"] = routingKey.map { "\"\($0)\"" }
      let response = try await send("POST", "/events", writeJSON(eventJSON(members)))
      #expect(response.status == 201)
      cursors.append(try #require(try response.json["events"]?[0]?["cursor"]?.string))
    }
    return cursors
  }
}

/// Checks a response that reports an error.
func expectProblem(
  _ response: HTTPResponse, _ status: Int, _ code: String, member: String? = nil,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(response.status == status, sourceLocation: sourceLocation)
  #expect(response["Content-Type"] == "application/problem+json", sourceLocation: sourceLocation)
  #expect(response["X-Request-Id"] != nil, sourceLocation: sourceLocation)
  #expect(response["Date"] != nil, sourceLocation: sourceLocation)
  #expect(response["Cache-Control"] == "no-store", sourceLocation: sourceLocation)
  #expect(response.text.hasSuffix("}\n") && response.text.count { $0 == "\n" } == 1, sourceLocation: sourceLocation)
  let problem = try response.json
  #expect(problem["code"] == .string(code), sourceLocation: sourceLocation)
  #expect(problem["status"]?.int == status, sourceLocation: sourceLocation)
  #expect(problem["type"]?.string != nil && problem["title"]?.string != nil, sourceLocation: sourceLocation)
  #expect(problem["detail"]?.string?.isEmpty == false, sourceLocation: sourceLocation)
  if let member {
    let error = problem["errors"]?[0]
    #expect((error?["pointer"] ?? error?["parameter"])?.string == member, sourceLocation: sourceLocation)
  }
}
