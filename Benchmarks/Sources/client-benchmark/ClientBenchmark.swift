import Evento
import EventoHTTP

/// Calls of an `HTTPExecutor` from a number of tasks at once, for a time; prints one JSON object.
///
///     client-benchmark PORT TASKS SECONDS
@main
enum ClientBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    guard arguments.count == 3 else { fatalError("client-benchmark PORT TASKS SECONDS") }
    let executor = try HTTPExecutor(baseURL: "http://127.0.0.1:\(arguments[0])")
    let worker = ULID()
    // Connections are made, and what is loaded late is loaded.
    _ = try await calls(of: executor, worker, tasks: arguments[1], until: .now + .milliseconds(500))
    let start = ContinuousClock.now
    let count = try await calls(of: executor, worker, tasks: arguments[1], until: start + .seconds(arguments[2]))
    let seconds = start.duration(to: .now) / .seconds(1)
    await executor.close()
    print("{\"mode\":\"client\",\"tasks\":\(arguments[1]),\"requests\":\(count),\"rate\":\(Double(count) / seconds)}")
  }

  private static func calls(
    of executor: HTTPExecutor, _ worker: ULID, tasks: Int, until end: ContinuousClock.Instant
  ) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<tasks {
        group.addTask { @concurrent in
          var count = 0
          while ContinuousClock.now < end {
            _ = try await executor.isSubscriberRunning("benchmark", workerID: worker)
            count += 1
          }
          return count
        }
      }
      return try await group.reduce(0, +)
    }
  }
}
