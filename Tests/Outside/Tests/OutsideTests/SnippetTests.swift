import Evento
import EventoHTTP
import EventoSQLite
import Foundation
import Testing

enum Account: Aggregate { static let aggregatorType = "bank/Account" }
struct Deposited: AggregateEvent { typealias Aggregate = Account; var cents: Int }

let balances = Projection<Account, Int>(initial: 0).on(Deposited.self) { $0 += $1.data.cents }

/// The README's snippets, which stand here as they stand there but for their indentation.
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

  @Test func aCommitIsSentAgain() async throws {
    try await withStore { store in
      let ada = try await Account.create().event(Deposited(cents: 1)).commit(to: store)
      let deposit = Account.aggregate(ada.id).event(Deposited(cents: 500))
      do {
        try await deposit.commit(to: store)
      } catch let error as EventoError where error.isPassing {  // busy, out of reach, or its answer was lost
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
          guard event.version > versions[event.aggregatorID, default: 0] else { return }  // it has come before
          versions[event.aggregatorID] = event.version
          cents[event.aggregatorID, default: 0] += event.data.cents
        }
      }

      let totals = Totals()
      let running = try await Subscription("totals")
        .onFailure { print($0) }  // for metrics or alerts; failures are logged anyway
        .replay()  // the totals are in memory, so that each start needs every event again
        .on(Deposited.self) { await totals.add($0) }
        .start(on: store)
      try await running.shutdown()
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
}
