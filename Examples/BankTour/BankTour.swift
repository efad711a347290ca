import Bank
import EventoSQLite

/// `swift run bank-tour [file]`: the example on a store in a file, or in memory.
@main
struct BankTour {
  static func main() async throws {
    let path = CommandLine.arguments.dropFirst().first ?? ":memory:"
    let store = try await SQLiteExecutor.open(path)
    try await Tour.run(on: store) { print($0) }
    await store.close()
  }
}
