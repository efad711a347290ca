import Evento
import EventoGateway
import EventoHTTP
import EventoPostgreSQL
import EventoSQLite
import EventoTesting
import Foundation
import HTTPServer
import Logging
import Synchronization
import TestSupport

/// The ways in which an executor is put together, each of which must pass the whole suite.
///
/// A new one is a case here and a branch in ``withExecutor(_:)``.
enum Arrangement: String, CaseIterable, Sendable {
  case sqliteFile
  case sqliteMemory
  case gateway
  case gatewayBehindGateway
  case readWrite
  case groupOfOne
  case groupOfThree
  case postgreSQL
  case postgreSQLGateway
  case postgreSQLReadWrite
  case postgreSQLGroup

  /// Makes a fresh executor, runs `body` on it and ends it.
  func withExecutor(_ body: (any Executor) async throws -> Void) async throws {
    switch self {
    case .sqliteFile:
      try await Self.withFile { path in
        try await Self.withSQLite(path) { store in try await body(store) }
      }
    case .sqliteMemory:
      try await Self.withSQLite(":memory:") { store in try await body(store) }
    case .gateway:
      try await Self.withSQLite(":memory:") { store in
        try await Self.withGateway(over: store) { executor in try await body(executor) }
      }
    case .gatewayBehindGateway:
      try await Self.withSQLite(":memory:") { store in
        try await Self.withGateway(over: store) { inner in
          try await Self.withGateway(over: inner) { outer in try await body(outer) }
        }
      }
    case .readWrite:
      try await Self.withFile { path in
        try await Self.withSQLite(path) { writer in
          try await Self.withSQLite(path) { reader in
            try await body(ReadWriteExecutor(read: reader, write: writer))
          }
        }
      }
    case .groupOfOne:
      try await Self.withSQLite(":memory:") { store in try await body(ExecutorGroup([store])) }
    case .groupOfThree:
      try await Self.withFile { path in
        try await Self.withSQLite(path) { first in
          try await Self.withSQLite(":memory:") { second in
            try await body(ExecutorGroup([first, second, InMemoryExecutor()]))
          }
        }
      }
    case .postgreSQL:
      try await Self.withPostgreSQL { store in try await body(store()) }
    case .postgreSQLGateway:
      // Two gateways on one database, of which one is written to and the other read.
      try await Self.withPostgreSQL { store in
        let (writer, reader) = (try await store(), try await store())
        try await Self.withGateway(over: writer) { writer in
          try await Self.withGateway(over: reader) { reader in
            try await body(ReadWriteExecutor(read: reader, write: writer))
          }
        }
      }
    case .postgreSQLReadWrite:
      try await Self.withPostgreSQL { store in
        try await body(ReadWriteExecutor(read: store(), write: store()))
      }
    case .postgreSQLGroup:
      try await Self.withPostgreSQL { store in
        try await Self.withSQLite(":memory:") { other in try await body(ExecutorGroup([store(), other])) }
      }
    }
  }

  /// The arrangements of this machine.
  static let available = allCases.filter { !$0.needsPostgreSQL || PostgreSQLServer.isInstalled }

  var needsPostgreSQL: Bool { rawValue.hasPrefix("postgreSQL") }

  /// What it can't do beyond the eight operations.
  var missing: Set<Capability> {
    switch self {
    case .gateway, .gatewayBehindGateway, .postgreSQLGateway: [.commitSignal]
    case .sqliteFile, .sqliteMemory, .readWrite, .groupOfOne, .groupOfThree, .postgreSQL, .postgreSQLReadWrite,
      .postgreSQLGroup:
      []
    }
  }

  // MARK: Parts

  static func withSQLite(_ path: String, _ body: (SQLiteExecutor) async throws -> Void) async throws {
    let store = try await SQLiteExecutor.open(path)
    do {
      try await body(store)
    } catch {
      await store.close()
      throw error
    }
    await store.close()
  }

  /// A new store in a schema of its own.
  ///
  /// - Parameter body: Gets a function that opens another executor on the same store.
  static func withPostgreSQL(_ body: (() async throws -> PostgreSQLExecutor) async throws -> Void) async throws {
    var configuration = PostgreSQLConfiguration(url: try await PostgreSQLServer.shared.database.url)
    configuration.schema = "conformance_\(schemas.add(1, ordering: .relaxed).newValue)"
    configuration.readers = 3
    var stores: [PostgreSQLExecutor] = []
    func open() async throws -> PostgreSQLExecutor {
      let store = try await PostgreSQLExecutor.open(configuration)
      stores.append(store)
      return store
    }
    let result: Result<Void, any Error>
    do {
      result = .success(try await body(open))
    } catch {
      result = .failure(error)
    }
    for store in stores { await store.close() }
    try result.get()
  }

  private static let schemas = Atomic(0)

  /// A gateway on a free port over an executor, and an executor that talks to it.
  static func withGateway(
    over executor: any Executor, _ body: (HTTPExecutor) async throws -> Void
  ) async throws {
    let gateway = Gateway(
      executor, configuration: GatewayConfiguration(), log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let server = try HTTPServer.start(on: [.tcp(host: "127.0.0.1", port: 0)], handler: gateway)
    do {
      let client = try HTTPExecutor(baseURL: "http://127.0.0.1:\(server.addresses.first?.port ?? 0)")
      do {
        try await body(client)
      } catch {
        await client.close()
        throw error
      }
      await client.close()
    } catch {
      await server.shutDown(grace: .seconds(5))
      throw error
    }
    await server.shutDown(grace: .seconds(5))
  }

  /// A path for a database, in a folder that goes afterwards.
  static func withFile(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("evento-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      try await body(folder.appendingPathComponent("store.sqlite").path)
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
    try FileManager.default.removeItem(at: folder)
  }
}
