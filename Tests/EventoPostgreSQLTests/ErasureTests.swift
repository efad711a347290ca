import Evento
import EventoStorage
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

@Suite(.needsPostgreSQL, .timeLimit(.minutes(2))) struct ErasureTests {
  /// Ends the tasks of a test.
  private final class End: Sendable {
    let hasCome = Atomic(false)
  }

  private func event(_ id: String, _ data: String = "1") -> NewEvent {
    NewEvent(aggregatorType: "t", aggregatorID: id, name: "n", data: Payload(data))
  }

  private func open(_ schema: String) async throws -> PostgreSQLExecutor {
    var configuration = PostgreSQLConfiguration(url: try await PostgreSQLServer.shared.database.url)
    configuration.schema = schema
    return try await PostgreSQLExecutor.open(configuration)
  }

  private func events(_ store: PostgreSQLExecutor, _ id: String) async throws -> [Event] {
    var events: [Event] = []
    var start = Args.Start.beginning
    while true {
      let page = try await store.read(
        [ReadAggregator("t", id: id)], routingKey: .all, args: .forward(first: 1000, after: start))
      events += page.edges.map(\.node)
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { return events }
      start = .after(end)
    }
  }

  /// It takes several steps, of which no reader sees one alone, and no writer waits for them.
  @Test func aReaderSeesALongAggregateWholeOrErased() async throws {
    let store = try await open("erasure_long")
    for _ in 0..<5 { try await store.write((0..<1000).map { event("long", "\($0)") }) }
    let end = End()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while !end.hasCome.load(ordering: .relaxed), !Task.isCancelled {
          let page = try await store.read(
            [ReadAggregator("t", id: "long")], routingKey: .all, args: .forward(first: 1000))
          #expect(Set(page.edges.map(\.node.isErased)).count == 1)
        }
      }
      group.addTask {
        while !end.hasCome.load(ordering: .relaxed), !Task.isCancelled { try await store.write([event("other")]) }
      }
      #expect(try await store.eraseAggregate(type: "t", id: "long") == ErasureResult(events: 5000, snapshots: 0))
      end.hasCome.store(true, ordering: .relaxed)
      try await group.waitForAll()
    }
    #expect(try await events(store, "long").allSatisfy(\.isErased))
    #expect(try await events(store, "other").allSatisfy { !$0.isErased })
    await store.close()
  }

  @Test func erasuresAtOnceCountEachEventOnce() async throws {
    let stores = [try await open("erasure_race"), try await open("erasure_race")]
    for _ in 0..<3 { try await stores[0].write((0..<1000).map { event("a", "\($0)") }) }
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for store in stores { group.addTask { try await store.eraseAggregate(type: "t", id: "a").events } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts.reduce(0, +) == 3000)
    for store in stores { await store.close() }
  }

  /// The row of a store that an earlier version made.
  @Test func anEventOfAnOlderStoreIsErased() async throws {
    let schema = "erasure_older"
    let store = try await open(schema)
    try await store.write([event("a"), event("a")])
    await store.close()
    let database = try await PostgreSQLServer.shared.database
    try await database.psql(
      """
      SET search_path = \(schema);
      ALTER TABLE event ALTER COLUMN is_json SET NOT NULL;
      ALTER TABLE event DROP COLUMN checksum;
      ALTER TABLE snapshot DROP COLUMN checksum;
      UPDATE evento_schema SET version = 2
      """)
    let upgraded = try await open(schema)
    #expect(try await upgraded.eraseAggregate(type: "t", id: "a").events == 2)
    #expect(try await events(upgraded, "a").map(\.isErased) == [true, true])
    await upgraded.close()
  }
}
