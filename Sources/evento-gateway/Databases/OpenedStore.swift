internal import Evento
internal import EventoPostgreSQL
internal import EventoSQLite
internal import EventoStorage
internal import Foundation

/// An open store of either engine.
struct OpenedStore: Sendable {
  let store: any DatabaseStore
  /// The database for people, without passwords.
  let name: String
}

// The one place that distinguishes the engines of an open store.
extension DatabaseLocation {
  /// Opens the store, and creates or upgrades it if necessary.
  ///
  /// - Throws: ``EventoError``; `CancellationError` if the task is cancelled first.
  func open(_ settings: StoreSettings) async throws -> OpenedStore {
    switch self {
    case .file(let path):
      let store = try await SQLiteExecutor.open(path, configuration: SQLiteConfiguration(settings))
      return OpenedStore(store: store, name: path)
    case .server(let url, let schema):
      let store = try await PostgreSQLExecutor.open(PostgreSQLConfiguration(url, schema, settings))
      return OpenedStore(store: store, name: store.name)
    }
  }
}

extension DatabaseLocation {
  /// Checks that a database in a file exists: opening it would create it.
  func checkExists() throws {
    guard case .file(let path) = self, !FileManager.default.fileExists(atPath: path) else { return }
    throw EventoError(.invalidRequest, "There is no database \(path). Check the path.")
  }

  /// Opens the store, runs `body` on it and closes it.
  func withStore<Value>(
    _ settings: StoreSettings, _ body: (OpenedStore) async throws -> Value
  ) async throws -> Value {
    let opened = try await open(settings)
    let value: Value
    do {
      value = try await body(opened)
    } catch {
      await opened.store.close()
      throw error
    }
    await opened.store.close()
    return value
  }
}

extension SQLiteConfiguration {
  fileprivate init(_ settings: StoreSettings) {
    self.init()
    pageEvents = settings.pageEvents
    pageBytes = settings.pageBytes
    waitingWrites = settings.waitingWrites
    memoryMapBytes = Int64(settings.memoryMapBytes)
    filePermissions = settings.filePermissions
    createsDatabase = settings.createsStore
    createsDatabaseSetting = settings.createsStoreSetting
    notify = settings.notify
  }
}

extension PostgreSQLConfiguration {
  fileprivate init(_ url: PostgreSQLURL, _ schema: String?, _ settings: StoreSettings) {
    self.init(url: url.text)
    self.schema = schema
    pageEvents = settings.pageEvents
    pageBytes = settings.pageBytes
    waitingWrites = settings.waitingWrites
    createsTables = settings.createsStore
    notify = settings.notify
  }
}
