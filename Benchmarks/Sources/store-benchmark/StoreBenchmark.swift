import Dispatch
import Evento
import EventoSQLite

/// So many operations on an embedded store, one after the other, for a tool that counts instructions.
///
///     store-benchmark (write | write-100) FILE COUNT
///     store-benchmark (page-by-position | page-by-aggregate) FILE COUNT CURSOR-OR-ID...
///
/// A page is read behind a cursor, or of an account; they take turns.
@main
enum StoreBenchmark {
  /// Not `async`: the main thread waits here, since under valgrind the process does not survive its exit.
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard arguments.count >= 3, let count = Int(arguments[2]) else {
      fatalError(
        "store-benchmark (write | write-100 | page-by-position | page-by-aggregate) FILE COUNT CURSOR-OR-ID...")
    }
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      do {
        try await run(arguments[0], arguments[1], count, Array(arguments.dropFirst(3)))
      } catch {
        fatalError("\(error)")
      }
      done.signal()
    }
    done.wait()
  }

  private static func run(_ mode: String, _ file: String, _ count: Int, _ targets: [String]) async throws {
    let store = try await SQLiteExecutor.open(file)
    for number in 0..<count {
      switch mode {
      case "write": try await store.write([event(number)])
      case "write-100": try await store.write((0..<100).map { event(number * 100 + $0) })
      case "page-by-position":
        let start = Args.Start.after(try Cursor(targets[number % targets.count]))
        _ = try await store.read(nil, routingKey: .all, args: .forward(first: 100, after: start))
      case "page-by-aggregate":
        let account = ReadAggregator("bank/Account", id: targets[number % targets.count])
        _ = try await store.read([account], routingKey: .all, args: .forward(first: 100))
      default: fatalError("There is no \(mode).")
      }
    }
    await store.close()
  }

  private static let run = ULID().description
  private static let payload = Payload("{\"text\":\"" + String(repeating: "x", count: 189) + "\"}")

  private static func event(_ number: Int) -> NewEvent {
    NewEvent(
      aggregatorType: "bank/Account", aggregatorID: "\(run)-\(number / 8)", name: "MoneyDeposited",
      data: payload)
  }
}
