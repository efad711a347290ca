import Bank
import EventoHTTP
import EventoSQLite

/// `swift run bank-tour [store]`: the example on a store in a file, on a gateway where `store` is its URL, or in memory.
@main
struct BankTour {
  static func main() async throws {
    let store = CommandLine.arguments.dropFirst().first ?? ":memory:"
    if store.hasPrefix("http") {
      try await Tour.run(on: HTTPExecutor(baseURL: store)) { print($0) }
    } else {
      let embedded = try await SQLiteExecutor.open(store)
      try await Tour.run(on: embedded) { print($0) }
      await embedded.close()
    }
  }
}
