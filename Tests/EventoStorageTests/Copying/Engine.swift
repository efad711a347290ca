import Evento
import EventoPostgreSQL
import EventoStorage
import Foundation
import Synchronization
import TestSupport

@testable import EventoSQLite

/// A new engine has its branches here.
extension Engine {
  /// The stores that are copied, each with the store to which it is copied.
  static let pairs = available.flatMap { source in available.map { target in (source, target) } }

  /// Makes the address of a store that does not exist yet.
  func database(_ name: String, in folder: TestFolder) async throws -> Database {
    switch self {
    case .sqlite: .file("\(folder.path)/\(name).sqlite")
    case .postgreSQL: .schema("\(name)_\(UUID().uuidString)", in: try await PostgreSQLServer.shared.database)
    }
  }
}

/// A database in a test.
enum Database: Sendable {
  case file(String)
  case schema(String, in: PostgreSQLServer.Database)

  /// - Parameters:
  ///   - pageEvents: The number of events on a page, and so in a step of a copy.
  ///   - pageBytes: The size of a page of events or snapshots.
  func open(pageEvents: Int = 1000, pageBytes: Int = 8 << 20) async throws -> any DatabaseStore {
    switch self {
    case .file(let path):
      var configuration = SQLiteConfiguration()
      (configuration.pageEvents, configuration.pageBytes) = (pageEvents, pageBytes)
      configuration.now = Self.clock()
      return try await SQLiteExecutor.open(path, configuration: configuration)
    case .schema(let schema, let database):
      var configuration = PostgreSQLConfiguration(url: database.url)
      configuration.schema = schema
      configuration.readers = 2
      (configuration.pageEvents, configuration.pageBytes) = (pageEvents, pageBytes)
      configuration.now = Self.clock()
      return try await PostgreSQLExecutor.open(configuration)
    }
  }

  /// A clock that never shows a time twice, so that a copy that makes up times is found.
  private static func clock() -> @Sendable () -> Timestamp {
    let time = Mutex(Int64.random(in: 0..<1 << 40))
    return {
      time.withLock { time in
        time += 1
        return Timestamp(milliseconds: time)
      }
    }
  }

  /// Opens the store, runs `body` and closes the store.
  func withStore<Value>(
    pageEvents: Int = 1000, pageBytes: Int = 8 << 20, _ body: (any DatabaseStore) async throws -> Value
  ) async throws -> Value {
    let store = try await open(pageEvents: pageEvents, pageBytes: pageBytes)
    let value: Value
    do {
      value = try await body(store)
    } catch {
      await store.close()
      throw error
    }
    await store.close()
    return value
  }

  /// A change of what is stored that no store makes.
  enum Damage: CaseIterable, Sendable {
    case data, isJSON, metadata, timestamp, id, version, aggregate, lane

    /// The assignment for SQLite, and for PostgreSQL.
    fileprivate var assignments: (file: String, schema: String) {
      switch self {
      case .data: ("data = x'00'", #"data = '\x00'"#)
      case .isJSON: ("is_json = 1 - is_json", "is_json = NOT is_json")
      case .metadata: (#"metadata = CAST('{"a":0}' AS BLOB)"#, #"metadata = '{"a":0}'"#)
      case .timestamp: Self.both("timestamp = timestamp + 1")
      case .id: ("id = x'00000000000000000000000000000001'", "id = '00000000-0000-0000-0000-000000000001'")
      case .version: Self.both("version = version + 1")
      case .aggregate: ("aggregate = aggregate + 1", "aggregate_key = aggregate_key || 'x'")
      case .lane: Self.both("lane = lane + 1")
      }
    }

    private static func both(_ assignment: String) -> (file: String, schema: String) { (assignment, assignment) }
  }

  /// Changes the event at a position of a store that is not open.
  func damage(_ damage: Damage, at position: Int) async throws {
    let (file, schema) = damage.assignments
    try await execute(
      file: "UPDATE event SET \(file) WHERE position = \(position)",
      schema: "UPDATE event SET \(schema) WHERE position = \(position)")
  }

  /// Removes the event at a position of a store that is not open.
  func removeEvent(at position: Int) async throws {
    let statement = "DELETE FROM event WHERE position = \(position)"
    try await execute(file: statement, schema: statement)
  }

  private func execute(file fileStatement: String, schema schemaStatement: String) async throws {
    switch self {
    case .file(let path):
      let connection = try Connection(path: path, busyTimeout: .zero)
      defer { connection.close() }
      try connection.execute(fileStatement)
    case .schema(let schema, let database):
      try await database.psql("SET search_path = \"\(schema)\"; \(schemaStatement)")
    }
  }
}

/// A folder that goes with the test.
final class TestFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appending(path: "evento-\(UUID().uuidString)").path()

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }
}
