internal import ArgumentParser
internal import Evento
internal import EventoHTTP
internal import Foundation

/// The options of a command that uses a store: one behind a gateway, or a database.
struct StoreOptions: ParsableArguments {
  @Option(help: "URL of the gateway. (default: http://127.0.0.1:8080)")
  var url: String?

  @Option(help: "Bearer token. EVENTO_TOKEN keeps it out of the list of processes.")
  var token: String?

  @Option(
    help: ArgumentHelp(
      "Database to use instead of a gateway: a SQLite file or a postgresql:// URL.", valueName: "database"))
  var database: String?

  @Option(help: ArgumentHelp("File with the postgresql:// URL of the database.", valueName: "file"))
  var databaseUrlFile: String?

  @Option(help: ArgumentHelp("PostgreSQL schema of the tables.", valueName: "name"))
  var databaseSchema: String?

  var usesDatabase: Bool { database != nil || databaseUrlFile != nil }

  private var choice: DatabaseChoice {
    DatabaseChoice(
      ServeCommand.databaseNames, database: database, urlFile: databaseUrlFile, schema: databaseSchema)
  }

  var gateway: GatewaySource {
    GatewaySource(url: url, token: token, environment: ProcessInfo.processInfo.environment)
  }

  func validate() throws {
    guard usesDatabase else {
      guard databaseSchema == nil else { throw ValidationError("--database-schema needs --database.") }
      return
    }
    guard url == nil, token == nil else {
      throw ValidationError("--database can't be combined with --url and --token: name a gateway or a database.")
    }
    try choice.check()
    guard database != ":memory:" else {
      throw ValidationError("--database must name a file: a store in memory is lost when its process ends.")
    }
  }

  /// The database; `nil` for a gateway. Warns about a password that others can see.
  func location() throws -> DatabaseLocation? {
    guard usesDatabase else { return nil }
    if let warning = choice.warning { StandardError.write("Warning: \(warning)\n") }
    return try choice.location()
  }

  /// Opens the store, runs `body` on it and its name, and closes it.
  ///
  /// - Parameters:
  ///   - location: The database of ``location()``.
  ///   - createsStore: True to create a database that does not exist.
  ///   - callDeadline: The deadline of a call to the gateway; `nil` for the default.
  func withStore<Value>(
    _ location: DatabaseLocation?, createsStore: Bool = false, callDeadline: Duration? = nil,
    _ body: (any Executor, String) async throws -> Value
  ) async throws -> Value {
    guard let location else { return try await withGateway(callDeadline, body) }
    if !createsStore { try location.checkExists() }
    return try await location.withStore(.command(createsStore: createsStore)) { try await body($0.store, $0.name) }
  }

  private func withGateway<Value>(
    _ callDeadline: Duration?, _ body: (any Executor, String) async throws -> Value
  ) async throws -> Value {
    let gateway = gateway
    do {
      var configuration = gateway.configuration
      if let callDeadline { configuration.callDeadline = callDeadline }
      let executor = try HTTPExecutor(baseURL: gateway.url, configuration: configuration)
      let value: Value
      do {
        value = try await body(executor, gateway.url)
      } catch {
        await executor.close()
        throw error
      }
      await executor.close()
      return value
    } catch let error where !Task.isCancelled {
      throw gateway.explained(error)
    }
  }
}
