import Bank
import EventoHTTP
import EventoSQLite

/// Tells the story of the example.
///
/// The argument is a gateway's URL, or the file of a database. Without one, the store is in memory.
@main
struct BankTour {
  static func main() async throws {
    let store = CommandLine.arguments.dropFirst().first ?? ":memory:"
    if store.hasPrefix("http") {
      print(try await Tour.run(on: HTTPExecutor(baseURL: store)).joined(separator: "\n"))
    } else {
      let embedded = try await SQLiteExecutor.open(store)
      print(try await Tour.run(on: embedded).joined(separator: "\n"))
      await embedded.close()
    }
  }
}
