import Evento
import EventoHTTP
import EventoPostgreSQL
import EventoSQLite
import EventoTesting
import Foundation
import Testing

enum Account: Aggregate { static let aggregatorType = "bank/Account" }
struct Deposited: AggregateEvent { typealias Aggregate = Account; var cents: Int }

let balances = Projection<Account, Int>(initial: 0).on(Deposited.self) { $0 += $1.data.cents }

struct Withdrawn: AggregateEvent { typealias Aggregate = Account; var cents: Int }
struct InsufficientFunds: Error {}

let available = Projection<Account, Int>(initial: 0)
  .on(Deposited.self) { $0 += $1.data.cents }
  .on(Withdrawn.self) { $0 -= $1.data.cents }

func withdraw(_ cents: Int, from id: String, in store: any Executor) async throws {
  for attempt in 1... {
    guard let account = try await available.load(id, from: store), account.state >= cents else {
      throw InsufficientFunds()
    }
    do {
      try await account.aggregate().event(Withdrawn(cents: cents)).commit(to: store)
      return
    } catch let error as EventoError where error.code == .invalidOriginalVersion && attempt < 10 {
      // Another commit came first: load the new state, and decide again.
    }
  }
}

/// Only compiled: it needs a server.
func openPostgreSQL() async throws -> PostgreSQLExecutor {
  var configuration = PostgreSQLConfiguration(
    url: "postgresql://evento_gateway@db1,db2,db3/events?sslmode=verify-full&sslrootcert=/etc/ssl/ca.pem")
  configuration.schema = "evento"
  configuration.createsTables = false  // a database without a store is an error
  configuration.notify = { print($0.message) }  // such as a lost connection
  let store = try await PostgreSQLExecutor.open(configuration)
  return store
}

struct SnakeCaseCoder: EventCoder {
  func encode(_ value: some Encodable) throws -> Payload {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys  // equal values need equal bytes
    return Payload(Array(try encoder.encode(value)))
  }

  func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: Data(payload.bytes))
  }
}

typealias MyExecutor = InMemoryExecutor

@Suite struct ConformanceSnippetTests {
  @Test(arguments: ConformanceCheck.all)
  func conforms(_ check: ConformanceCheck) async throws {
    try await check.run { body in try await body(MyExecutor()) }
  }
}

/// The Swift code of the README and docs/swift.md, except for its indentation.
@Suite(.timeLimit(.minutes(1))) struct SnippetTests {
  private func withStore(_ body: (SQLiteExecutor) async throws -> Void) async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await body(store)
    await store.close()
  }

  @Test func theGatewayNeedNotBeThereYet() async throws {
    let store = try HTTPExecutor(baseURL: "http://127.0.0.1:8080")
    await store.close()
  }

  @Test func aGatewayIsConfigured() async throws {
    var configuration = HTTPConfiguration()
    configuration.token = ProcessInfo.processInfo.environment["EVENTO_TOKEN"]
    configuration.callDeadline = .seconds(10)  // for a call with all its retries; 30 seconds by default
    configuration.tls.caFile = "/etc/ssl/internal-ca.pem"  // instead of the system's certificates
    let store = try HTTPExecutor(baseURL: "https://events.example.org/evento", configuration: configuration)
    await store.close()
  }

  @Test func aDecisionIsMadeAgainAfterAConflict() async throws {
    try await withStore { store in
      let ada = try await Account.create().event(Deposited(cents: 1000)).commit(to: store)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<5 { group.addTask { try await withdraw(100, from: ada.id, in: store) } }
        try await group.waitForAll()
      }
      #expect(try await available.load(ada.id, from: store)?.state == 500)
      await #expect(throws: InsufficientFunds.self) { try await withdraw(501, from: ada.id, in: store) }
    }
  }

  @Test func anEventKeepsItsName() {
    struct FundsDeposited: AggregateEvent {
      typealias Aggregate = Account
      static let eventName = "Deposited"  // the name of the type when its first events were written
      var cents: Int
    }
    #expect(FundsDeposited.eventName == Deposited.eventName && Withdrawn.eventName == "Withdrawn")
  }

  @Test func aCommitIsSentAgain() async throws {
    try await withStore { store in
      let ada = try await Account.create().event(Deposited(cents: 1)).commit(to: store)
      let deposit = Account.aggregate(ada.id).event(Deposited(cents: 500))
      do {
        try await deposit.commit(to: store)
      } catch let error as EventoError where error.isTransient {  // busy, unreachable, or its response was lost
        try await deposit.commit(to: store)
      }
      #expect(try await balances.load(ada.id, from: store)?.state == 501)
    }
  }

  @Test func theLogIsFollowed() async throws {
    try await withStore { store in
      let task = Task {
        for try await edge in store.follow([ReadAggregator("bank/Account")], after: .now) { print(edge.node.name) }
      }
      try await Account.create().event(Deposited(cents: 1)).commit(to: store)
      task.cancel()
      _ = await task.result
    }
  }

  @Test func aReadModelIsKept() async throws {
    try await withStore { store in
      try await Account.create().event(Deposited(cents: 5)).commit(to: store)
      actor Totals {
        private(set) var cents: [String: Int] = [:]
        private var versions: [String: Int] = [:]

        func add(_ event: EventData<Deposited>) {
          guard event.version > versions[event.aggregatorID, default: 0] else { return }  // applied already
          versions[event.aggregatorID] = event.version
          cents[event.aggregatorID, default: 0] += event.data.cents
        }
      }

      let totals = Totals()
      let running = try await Subscription("totals")
        .onFailure { print($0) }  // for metrics or alerts; errors are logged anyway
        .replay()  // the totals are in memory, so each start needs every event again
        .on(Deposited.self) { await totals.add($0) }
        .start(on: store)
      try await running.shutdown()
    }
  }

  @Test func anErasedAggregateIsForgotten() async throws {
    struct Opened: AggregateEvent { typealias Aggregate = Account; var owner: String }
    actor Owners {
      private(set) var names: [String: String] = [:]
      func set(_ name: String, of id: String) { names[id] = name }
      func remove(_ id: String) { names[id] = nil }
    }
    try await withStore { store in
      let owners = Owners()
      let ada = try await Account.create().event(Opened(owner: "Ada")).commit(to: store)
      let bob = try await Account.create().event(Opened(owner: "Bob")).commit(to: store)
      await owners.set("Ada", of: ada.id)

      try await store.eraseAggregate(type: Account.aggregatorType, id: ada.id, snapshotTypes: ["balance"])

      try await Subscription("owners")
        .on(Opened.self) { await owners.set($0.data.owner, of: $0.aggregatorID) }
        .onErased { await owners.remove($0.aggregatorID) }
        .runOnce(on: store)
      #expect(await owners.names == [bob.id: "Bob"])
    }
  }

  @Test func anEventThatIsGivenADateSaysHow() async throws {
    struct Booked: AggregateEvent { typealias Aggregate = Account; var on: Date }
    try await withStore { store in
      let booked = Booked(on: Date(timeIntervalSince1970: 0))
      try await Account.create().event(booked).coder(JSONCoder(dates: .secondsSince1970)).commit(to: store)
      try await Account.create().event(booked).commit(to: store)
      let payloads = try await store.read().edges.map(\.node.data.text)
      #expect(payloads == [#"{"on":0}"#, #"{"on":"1970-01-01T00:00:00.000Z"}"#])
    }
  }

  @Test func anEventHasItsOwnCoder() async throws {
    struct LimitSet: AggregateEvent { typealias Aggregate = Account; var dailyLimit: Int }
    try await withStore { store in
      let ada = try await Account.create().event(LimitSet(dailyLimit: 5)).coder(SnakeCaseCoder()).commit(to: store)
      #expect(try await store.read().edges.first?.node.data.text == #"{"daily_limit":5}"#)
      let limits = Projection<Account, Int>(initial: 0).on(LimitSet.self) { $0 = $1.data.dailyLimit }
      #expect(try await limits.coder(SnakeCaseCoder()).load(ada.id, from: store)?.state == 5)
    }
  }
}
