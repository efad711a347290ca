import Evento
import EventoSQLite
import Synchronization
import Testing

enum Account: Aggregate {
  static let aggregatorType = "bank/Account"
}

enum Owner: Aggregate {
  static let aggregatorType = "bank/Owner"
}

struct Opened: AggregateEvent, Equatable {
  typealias Aggregate = Account
  var owner: String
}

struct Deposited: AggregateEvent, Equatable {
  typealias Aggregate = Account
  var amount: Int
}

struct Withdrawn: AggregateEvent, Equatable {
  typealias Aggregate = Account
  var amount: Int
}

struct Closed: AggregateEvent, Equatable {
  typealias Aggregate = Account
}

struct Renamed: AggregateEvent, Equatable {
  typealias Aggregate = Owner
  static let eventName = "OwnerRenamed"
  var name: String
}

/// Says `Deposited`, and wants what no such event has.
struct MisreadDeposit: AggregateEvent {
  typealias Aggregate = Account
  static let eventName = Deposited.eventName
  var currency: String
}

/// Can't be coded.
struct Uncodable: AggregateEvent {
  typealias Aggregate = Account
  struct Refusal: Error {}

  init() {}
  init(from decoder: any Decoder) throws { throw Refusal() }
  func encode(to encoder: any Encoder) throws { throw Refusal() }
}

struct Balance: Codable, Equatable, Sendable {
  var amount = 0
  var owner = ""
}

let balances = Projection<Account, Balance>(initial: Balance())
  .on(Opened.self) { $0.owner = $1.data.owner }
  .on(Deposited.self) { $0.amount += $1.data.amount }
  .on(Withdrawn.self) { $0.amount -= $1.data.amount }

/// Runs a test on an empty store in memory.
func withStore<T>(_ body: (any Executor) async throws -> T) async throws -> T {
  let store = try await SQLiteExecutor.open(":memory:")
  let result: T
  do {
    result = try await body(store)
  } catch {
    await store.close()
    throw error
  }
  await store.close()
  return result
}

extension Executor {
  func everything(_ aggregators: [ReadAggregator]? = nil) async throws -> [Edge<Event>] {
    try await read(aggregators, routingKey: .all, args: .forward(first: 1000)).edges
  }
}

/// Expects an error of a code.
func expect(
  _ code: EventoError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
) async {
  do {
    try await body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch {
    #expect((error as? EventoError)?.code == code, "\(error)", sourceLocation: sourceLocation)
  }
}

/// A value that several tasks change.
final class Box<Value: Sendable>: Sendable {
  private let mutex: Mutex<Value>

  init(_ value: Value) {
    mutex = Mutex(value)
  }

  var value: Value {
    get { mutex.withLock { $0 } }
    set { mutex.withLock { $0 = newValue } }
  }

  func withLock<Result: Sendable>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    try mutex.withLock { value in try body(&value) }
  }
}

extension Box<Bool> {
  /// Sets it, and tells whether it was not set before.
  func claim() -> Bool {
    withLock { isSet in
      defer { isSet = true }
      return !isSet
    }
  }
}

/// Lets nobody pass before it is open.
final class Gate: Sendable {
  private struct State {
    var isOpen = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  func pass() async {
    await withCheckedContinuation { continuation in
      let isOpen = state.withLock { state in
        if !state.isOpen { state.waiting.append(continuation) }
        return state.isOpen
      }
      if isOpen { continuation.resume() }
    }
  }
}
