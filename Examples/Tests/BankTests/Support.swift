import Evento
import EventoSQLite

/// Opens a store in memory, and closes it afterwards.
func withStore<Result>(_ body: (SQLiteExecutor) async throws -> Result) async throws -> Result {
  let store = try await SQLiteExecutor.open(":memory:")
  do {
    let result = try await body(store)
    await store.close()
    return result
  } catch {
    await store.close()
    throw error
  }
}

extension Executor {
  func everything() async throws -> [Event] {
    try await read(args: .forward(first: 1000)).edges.map(\.node)
  }
}
