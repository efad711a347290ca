import Evento
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Several executors on one database, as several gateways are.
@Suite(.needsPostgreSQL, .timeLimit(.minutes(2))) struct ConcurrencyTests {
  /// Opens executors on one store, and closes them.
  private func withStores(
    _ count: Int, _ database: PostgreSQLServer.Database, schema: String? = nil,
    _ body: ([PostgreSQLExecutor]) async throws -> Void
  ) async throws {
    var configuration = PostgreSQLConfiguration(url: database.url)
    configuration.schema = schema
    configuration.readers = 2
    let stores = try await withThrowingTaskGroup(of: PostgreSQLExecutor.self) { group in
      for _ in 0..<count { group.addTask { [configuration] in try await PostgreSQLExecutor.open(configuration) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(try await body(stores))
    } catch {
      outcome = .failure(error)
    }
    for store in stores { await store.close() }
    try outcome.get()
  }

  @Test(arguments: [nil, #"A new "schema""#]) func tenExecutorsOpenANewStoreAtOnce(_ schema: String?) async throws {
    try await FastServer.shared.withDatabase { database in
      try await withStores(10, database, schema: schema) { stores in
        #expect(stores.count(where: \.isNew) == 1)
        let results = try await withThrowingTaskGroup(of: WriteResult.self) { group in
          for store in stores { group.addTask { try await store.write([.sample()]) } }
          return try await group.reduce(into: []) { $0.append($1) }
        }
        for store in stores { expect(try await store.log(), toHave: results) }
      }
    }
  }

  /// Whatever an executor has in its cache, it decides by what the others have added meanwhile.
  @Test(arguments: [0, 1, 600]) func theEventsOfAnotherExecutorCount(others: Int) async throws {
    try await FastServer.shared.withDatabase { database in
      try await withStores(2, database) { stores in
        let (own, other) = (stores[0], stores[1])
        func event(_ id: String, routingKey: NewEvent.Routing = .inherited, version: Int? = nil) -> NewEvent {
          NewEvent(aggregatorType: "t", aggregatorID: id, version: version, name: "n", routingKey: routingKey)
        }
        // In the cache, with the first routing key.
        try await own.write([event("a", routingKey: .value("first")), event("b")])
        try await other.write([event("a", routingKey: .value("second"))])
        if others > 0 { try await other.write((0..<others).map { event("other-\($0 % 7)") }) }
        // The swap fails, and the rest of the writes take the lock at once.
        let first = try await own.write([event("a"), event("b")])
        #expect(first.events.map(\.version) == [3, 2] && first.events.map(\.routingKey) == ["second", nil])
        for round in 0..<3 {
          try await other.write([event("a"), event("new-\(round)", version: 1)])
          #expect(try await own.write([event("new-\(round)")]).events[0].version == 2)
          let next = 5 + 2 * round
          #expect(await errorCode { try await own.write([event("a", version: next - 1)]) } == .invalidOriginalVersion)
          #expect(try await own.write([event("a", version: next)]).events[0].routingKey == "second")
        }
        let log = try await own.log()
        for (_, events) in Dictionary(grouping: log, by: \.node.aggregatorID) {
          #expect(events.map(\.node.version) == Array(1...events.count))
        }
      }
    }
  }

  /// A write that takes an aggregate or an id for new is decided again if it is not.
  @Test func whatIsTakenForNewAndIsNotIsLookedUp() async throws {
    try await FastServer.shared.withDatabase { database in
      let id = ULID()
      try await withStores(1, database) { stores in
        _ = try await stores[0].write([.sample(id, of: "a", version: 1), .sample(of: "b")])
      }
      // Each has an empty cache, and the log as it was.
      for _ in 0..<2 {
        try await withStores(1, database) { stores in
          let store = stores[0]
          #expect(await errorCode { try await store.write([.sample(of: "a", version: 1)]) } == .invalidOriginalVersion)
        }
      }
      try await withStores(2, database) { stores in
        // Without a version, it follows; and the version that was a guess is no longer one.
        let second = try await stores[0].write([.sample(of: "a"), .sample(of: "c", version: 1)])
        #expect(second.events.map(\.version) == [2, 1])
        #expect(try await stores[1].write([.sample(id, of: "a", version: 1)]).isResend)
        let outcomes = await withTaskGroup(of: EventoError.Code?.self) { group in
          for index in 0..<40 {
            let store = stores[index % 2]
            group.addTask { await errorCode { try await store.write([.sample(of: "n\(index / 4)", version: 1)]) } }
          }
          return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count { $0 == nil } == 10)
        #expect(outcomes.count { $0 == .invalidOriginalVersion } == 30)
        let log = try await stores[0].log()
        #expect(Set(log.map { "\($0.node.aggregatorID) \($0.node.version)" }).count == log.count && log.count == 14)
      }
    }
  }

  @Test func writesThatArriveDuringTheWaitForTheLockJoinTheBatch() async throws {
    try await FastServer.shared.withDatabase { database in
      try await withStores(1, database) { stores in
        let store = stores[0]
        let first = try await store.write([.sample()])
        let results = try await withThrowingTaskGroup(of: WriteResult.self) { group in
          try await database.withLockedLog(isChanged: true) {
            group.addTask { try await store.write([.sample(of: "b", version: 1)]) }
            _ = try await database.wait(
              for: "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            for index in 0..<20 { group.addTask { try await store.write([.sample(ULID(), of: "w\(index % 3)")]) } }
            while store.metrics?.waitingWrites != 20 { try await Task.sleep(for: .milliseconds(5)) }
          }
          return try await group.reduce(into: [first]) { $0.append($1) }
        }
        expect(try await store.log(), toHave: results)
        #expect(store.metrics?.commits == 2)
      }
    }
  }

  /// A batch has a stored event again, and its id with a payload of another length.
  @Test(arguments: [true, false]) func aResendIsConfirmedBesideAnotherEventWithItsID(_ isFirst: Bool) async throws {
    try await FastServer.shared.withDatabase { database in
      try await withStores(1, database) { stores in
        let (store, id) = (stores[0], ULID())
        let event = NewEvent.sample(id)
        let other = NewEvent(id: id, aggregatorType: "t", aggregatorID: "a", name: "n", data: Payload(#"{"a":12}"#))
        let first = try await store.write([event])
        let codes = try await withThrowingTaskGroup(of: (Int, EventoError.Code?).self) { group in
          try await database.withLockedLog(isChanged: true) {
            group.addTask { (0, await errorCode { try await store.write([.sample(of: "b")]) }) }
            _ = try await database.wait(
              for: "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
            for number in 1...2 {
              group.addTask {
                let code = await errorCode {
                  let result = try await store.write([(number == 1) == isFirst ? event : other])
                  #expect(result.isResend && result.events == first.events)
                }
                return (number, code)
              }
              while store.metrics?.waitingWrites != number { try await Task.sleep(for: .milliseconds(5)) }
            }
          }
          return try await group.reduce(into: [Int: EventoError.Code]()) { $0[$1.0] = $1.1 }
        }
        #expect(codes == [isFirst ? 2 : 1: .duplicateEventID])
        #expect(store.metrics?.commits == 2)
      }
    }
  }

  /// The results of writers.
  private actor Journal {
    private(set) var results: [WriteResult] = []
    private(set) var conflicts = 0

    func add(_ result: WriteResult) { results.append(result) }
    func addConflict() { conflicts += 1 }
  }

  @Test func manyWritersOfThreeExecutorsMakeOneLog() async throws {
    try await FastServer.shared.withDatabase { database in
      try await withStores(3, database) { stores in
        let (journal, last) = (Journal(), ULID())
        try await withThrowingTaskGroup(of: [Edge<Event>].self) { followers in
          for store in stores {
            followers.addTask {
              var edges: [Edge<Event>] = []
              for try await edge in store.follow() {
                edges.append(edge)
                if edge.node.id == last { break }
              }
              return edges
            }
          }
          try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<12 {
              let (store, other) = (stores[writer % 3], stores[(writer + 1) % 3])
              group.addTask {
                for round in 0..<15 {
                  switch (writer + round) % 4 {
                  case 0: try await append(to: "versioned\(round % 2)", store, journal)
                  case 1:
                    let events = [NewEvent.sample(of: "plain"), .sample(of: "plain \(writer)")]
                    await journal.add(try await store.write(events))
                  case 2: try await sendTwice(store, other, journal)
                  default: try await sendWithOneID(store, other, journal)
                  }
                }
              }
            }
            try await group.waitForAll()
          }
          await journal.add(try await stores[0].write([.sample(last)]))
          let log = try await stores[1].log()
          expect(log, toHave: await journal.results)
          #expect(await journal.conflicts > 10)
          for try await followed in followers { #expect(followed == log) }
        }
      }
    }
  }

  /// Writes the next version of an aggregate, as often as another writer is quicker.
  private func append(to aggregate: String, _ store: PostgreSQLExecutor, _ journal: Journal) async throws {
    var version = 1
    while true {
      do {
        return await journal.add(try await store.write([.sample(ULID(), of: aggregate, version: version)]))
      } catch let error as EventoError {
        guard case .versionConflict(_, _, _, let current) = error.facts else { throw error }
        await journal.addConflict()
        version = current + 1
      }
    }
  }

  /// Sends the same event through two executors at once. One stores it.
  private func sendTwice(
    _ store: PostgreSQLExecutor, _ other: PostgreSQLExecutor, _ journal: Journal
  ) async throws {
    let event = NewEvent.sample(ULID(), of: "sent twice")
    async let first = store.write([event])
    async let second = other.write([event])
    let results = try await [first, second]
    #expect(results.count(where: \.isResend) == 1 && results[0].events == results[1].events)
    for result in results where !result.isResend { await journal.add(result) }
  }

  /// Sends two events with the same id. One is stored, and the other one refused.
  private func sendWithOneID(
    _ store: PostgreSQLExecutor, _ other: PostgreSQLExecutor, _ journal: Journal
  ) async throws {
    let id = ULID()
    let outcomes = await withTaskGroup(of: Result<WriteResult, EventoError>.self) { group in
      for (store, aggregate) in [(store, "one"), (other, "two")] {
        group.addTask {
          do {
            return .success(try await store.write([.sample(id, of: aggregate)]))
          } catch {
            return .failure(EventoError(wrapping: error))
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var stored = 0
    for outcome in outcomes {
      switch outcome {
      case .success(let result):
        stored += 1
        await journal.add(result)
      case .failure(let error): #expect(error.code == .duplicateEventID && error.facts == .event(id))
      }
    }
    #expect(stored == 1)
  }
}
