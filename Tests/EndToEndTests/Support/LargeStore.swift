import Evento
import EventoSQLite

/// Makes a database with 250 events that takes a while to copy.
func makeLargeStore(_ path: String) async throws {
  let store = try await SQLiteExecutor.open(path)
  let data = Payload([UInt8](repeating: 7, count: 400_000))
  for number in 0..<25 {
    try await store.write(
      (0..<10).map { NewEvent(aggregatorType: "t", aggregatorID: "\(number)-\($0)", name: "n", data: data) })
  }
  await store.close()
}

/// Makes a database with 20,000 events that takes a while to export.
func makeLongStore(_ path: String) async throws {
  let store = try await SQLiteExecutor.open(path)
  let data = Payload([UInt8](repeating: 7, count: 100))
  for _ in 0..<20 {
    try await store.write(
      (0..<1000).map { NewEvent(aggregatorType: "t", aggregatorID: "\($0)", name: "n", data: data) })
  }
  await store.close()
}
