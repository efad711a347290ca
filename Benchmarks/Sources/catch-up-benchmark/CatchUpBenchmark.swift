import Evento
import EventoHTTP
import EventoSQLite
import Foundation

enum Account: Aggregate { static let aggregatorType = "bank/Account" }

/// An event of the store that `Benchmarks/runner/store.py` fills.
struct MoneyDeposited: AggregateEvent {
  typealias Aggregate = Account
  var text: String
}

/// Reads a whole log, or a long aggregate, as a program does that catches up; prints one JSON object.
///
///     catch-up-benchmark (follow | pages | subscription) (FILE | URL) EVENTS
///     catch-up-benchmark (projection | projection-skip) (FILE | URL) EVENTS ID
///     catch-up-benchmark (decode | decode-foundation) EVENTS
///
/// With the file of a database, the store is embedded; with a URL, a gateway is read. A projection is loaded as often as
/// it takes for so many events.
@main
enum CatchUpBenchmark {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let mode = arguments.first else { fatalError("catch-up-benchmark MODE …") }
    if mode.hasPrefix("decode") {
      guard arguments.count == 2, let count = Int(arguments[1]) else { fatalError("catch-up-benchmark \(mode) EVENTS") }
      return try await report(mode, count) { try decode(count, coders[mode] ?? JSONCoder()) }
    }
    guard arguments.count >= 3, let count = Int(arguments[2]) else {
      fatalError("catch-up-benchmark \(mode) (FILE | URL) EVENTS [ID]")
    }
    if arguments[1].hasPrefix("http:") {
      let store = try HTTPExecutor(baseURL: arguments[1])
      try await report(mode, count) { try await read(store, mode, count, arguments.last ?? "") }
      await store.close()
    } else {
      let store = try await SQLiteExecutor.open(arguments[1])
      try await report(mode, count) { try await read(store, mode, count, arguments.last ?? "") }
      await store.close()
    }
  }

  private static func read(_ store: any Executor, _ mode: String, _ count: Int, _ id: String) async throws {
    switch mode {
    case "follow": try await follow(store, count)
    case "pages": try await pages(store, count)
    case "subscription": try await subscription(store)
    case "projection":
      try await projection(
        store, count, id, Projection(initial: 0).on(MoneyDeposited.self) { $0 += $1.data.text.utf8.count })
    case "projection-skip":
      try await projection(store, count, id, Projection(initial: 0).skip(MoneyDeposited.self))
    default: fatalError("There is no \(mode).")
    }
  }

  private static func follow(_ store: any Executor, _ count: Int) async throws {
    var read = 0
    for try await _ in store.follow() {
      read += 1
      if read == count { break }
    }
  }

  private static func pages(_ store: any Executor, _ count: Int) async throws {
    var start = Args.Start.beginning
    var read = 0
    while read < count {
      let page = try await store.read(nil, routingKey: .all, args: .forward(first: 1000, after: start))
      read += page.edges.count
      guard let end = page.pageInfo.endCursor, page.pageInfo.hasNextPage else { break }
      start = .after(end)
    }
    guard read == count else { fatalError("\(read) events were read.") }
  }

  private static func subscription(_ store: any Executor) async throws {
    let key = "benchmark-\(ULID())"
    let outcome = try await Subscription(key).on(MoneyDeposited.self) { _ in }
      .acknowledge(every: 300).runOnce(on: store)
    guard outcome == .caughtUp else { fatalError("\(outcome)") }
    try await store.deleteSubscriber(key)
  }

  private static func projection(
    _ store: any Executor, _ count: Int, _ id: String, _ projection: Projection<Account, Int>
  ) async throws {
    var read = 0
    while read < count {
      guard let loaded = try await projection.load(id, from: store) else { fatalError("There is no \(id).") }
      read += loaded.version
    }
  }

  private static func report(_ mode: String, _ count: Int, _ body: @Sendable () async throws -> Void) async throws {
    let (start, began) = (ContinuousClock.now, cpuSeconds())
    try await body()
    let seconds = start.duration(to: .now) / .seconds(1)
    print(
      "{\"mode\":\"\(mode)\",\"events\":\(count),\"events_rate\":\(Double(count) / seconds),\"seconds\":\(seconds),"
        + "\"reader_cpu_us\":\((cpuSeconds() - began) * 1e6 / Double(count))}")
  }

  private static func cpuSeconds() -> Double {
    var used = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used)
    return Double(used.tv_sec) + Double(used.tv_nsec) / 1e9
  }

  // MARK: Typed payloads

  private static let coders: [String: any EventCoder] = [
    "decode": JSONCoder(), "decode-foundation": FoundationCoder(),
  ]

  /// A payload of about 190 bytes.
  private struct Transfer: Codable {
    var from: String
    var to: String
    var amount: Int
    var currency: String
    var isInternal: Bool
    var reference: String?
    var tags: [String]
  }

  private struct FoundationCoder: EventCoder {
    func encode(_ value: some Encodable) throws -> Payload { Payload(Array(try JSONEncoder().encode(value))) }

    func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
      try JSONDecoder().decode(type, from: Data(payload.bytes))
    }
  }

  private static func decode(_ count: Int, _ coder: any EventCoder) throws {
    let payload = try coder.encode(
      Transfer(
        from: "DE89370400440532013000", to: "FR7630006000011234567890189", amount: 125_000, currency: "EUR",
        isInternal: false, reference: "Invoice 2026-0417", tags: ["rent", "monthly"]))
    var sum = 0
    for _ in 0..<count { sum += try coder.decode(Transfer.self, from: payload).amount }
    guard sum == count * 125_000 else { fatalError("A payload was decoded wrongly.") }
  }
}
