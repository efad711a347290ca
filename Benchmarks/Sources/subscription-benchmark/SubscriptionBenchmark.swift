import Evento
import EventoHTTP
import EventoSQLite
import Synchronization

enum Account: Aggregate { static let aggregatorType = "bank/Account" }

struct Deposited: AggregateEvent {
  typealias Aggregate = Account
  /// When it was written, in nanoseconds since the benchmark's start.
  var sent: Int64
}

/// From writing an event to the handler of a subscription, each event written alone; prints one JSON object.
///
///     subscription-benchmark (FILE | URL) EVENTS
///
/// With the file of a database, the store is embedded; with a URL, a gateway is written to and followed.
@main
enum SubscriptionBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3, let count = Int(arguments[2]) else {
      fatalError("subscription-benchmark (FILE | URL) EVENTS")
    }
    let latencies =
      arguments[1].hasPrefix("http:")
      ? try await measure(try HTTPExecutor(baseURL: arguments[1]), count)
      : try await measure(try await SQLiteExecutor.open(arguments[1]), count)
    func quantile(_ share: Double) -> Double { Double(latencies[Int(Double(count - 1) * share)]) / 1e3 }
    print(
      "{\"mode\":\"subscription\",\"events\":\(count),\"rate\":\(1e9 / Double(latencies.reduce(0, +)) * Double(count)),"
        + "\"p50_us\":\(quantile(0.5)),\"p99_us\":\(quantile(0.99))}")
  }

  private static func measure(_ store: any Executor, _ count: Int) async throws -> [Int64] {
    let clock = ContinuousClock()
    let start = clock.now
    @Sendable func now() -> Int64 { Int64(start.duration(to: clock.now) / .nanoseconds(1)) }

    let (arrivals, arrived) = AsyncStream.makeStream(of: Int64.self)
    let running = try await Subscription("benchmark").on(Deposited.self) { event in
      arrived.yield(now() - event.data.sent)
    }.start(on: store)
    var arrival = arrivals.makeAsyncIterator()
    var latencies: [Int64] = []
    for number in 0..<count + 20 {
      // What a person would have had time for in between: the subscription waits for the log by then.
      try await Task.sleep(for: .milliseconds(5))
      _ = try await Account.create().event(Deposited(sent: now())).commit(to: store)
      guard let latency = await arrival.next() else { break }
      // The first ones load what is loaded late.
      if number >= 20 { latencies.append(latency) }
    }
    _ = try await running.shutdown()
    return latencies.sorted()
  }
}
