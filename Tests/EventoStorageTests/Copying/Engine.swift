import Evento
import EventoStorage
import Foundation
import Synchronization

@testable import EventoSQLite

/// The engines between which a store can be copied. A new one is a case here, with its branches.
enum Engine: CaseIterable, Sendable {
  case sqlite

  static let pairs = allCases.flatMap { source in allCases.map { target in (source, target) } }

  /// Makes the address of a database that does not exist yet.
  func database(_ name: String, in folder: TestFolder) -> Database {
    switch self {
    case .sqlite: Database(engine: self, address: "\(folder.path)/\(name).sqlite")
    }
  }
}

/// A database in a test.
struct Database: Sendable {
  let engine: Engine
  let address: String

  /// - Parameters:
  ///   - pageEvents: The number of events on a page, and so in a step of a copy.
  ///   - pageBytes: The size of a page of events or snapshots.
  func open(pageEvents: Int = 1000, pageBytes: Int = 8 << 20) async throws -> any DatabaseStore {
    switch engine {
    case .sqlite:
      var configuration = SQLiteConfiguration()
      (configuration.pageEvents, configuration.pageBytes) = (pageEvents, pageBytes)
      configuration.now = Self.clock()
      return try await SQLiteExecutor.open(address, configuration: configuration)
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
  enum Damage: String, CaseIterable, Sendable {
    case data = "data = x'00'"
    case isJSON = "is_json = 1 - is_json"
    case metadata = "metadata = CAST('{\"a\":0}' AS BLOB)"
    case timestamp = "timestamp = timestamp + 1"
    case id = "id = x'00000000000000000000000000000001'"
    case version = "version = version + 1"
    case aggregate = "aggregate = aggregate + 1"
    case lane = "lane = lane + 1"
  }

  /// Changes the event at a position of a store that is not open.
  func damage(_ damage: Damage, at position: Int) throws {
    try execute("UPDATE event SET \(damage.rawValue) WHERE position = \(position)")
  }

  /// Removes the event at a position of a store that is not open.
  func removeEvent(at position: Int) throws {
    try execute("DELETE FROM event WHERE position = \(position)")
  }

  private func execute(_ sql: String) throws {
    switch engine {
    case .sqlite:
      let connection = try Connection(path: address, busyTimeout: .zero)
      defer { connection.close() }
      try connection.execute(sql)
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
