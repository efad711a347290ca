import Evento
import EventoSQLite
import Testing

@testable import EventoSQLite

/// Writes that share a commit see each other as if each had had one of its own.
@Suite struct SharedCommitTests {
  /// Has writes wait for a lock that another connection holds, so that all but the first share one commit.
  private func inOneCommit(
    _ store: SQLiteExecutor, _ file: String, _ writes: [(events: [NewEvent], condition: WriteCondition?)]
  ) async throws -> [Result<WriteResult, EventoError>] {
    let other = try Connection(path: file, busyTimeout: .seconds(5))
    try other.execute("BEGIN IMMEDIATE")
    let (outcomes, outcome) = AsyncStream.makeStream(of: (Int, Result<WriteResult, EventoError>).self)
    store.write([.sample("first")], condition: nil) { outcome.yield((-1, $0)) }
    for (index, write) in writes.enumerated() {
      store.write(write.events, condition: write.condition) { outcome.yield((index, $0)) }
    }
    try other.execute("COMMIT")
    var results: [Int: Result<WriteResult, EventoError>] = [:]
    for await (index, result) in outcomes {
      results[index] = result
      if results.count == writes.count + 1 { break }
    }
    return try writes.indices.map { try #require(results[$0]) }
  }

  private func withStore(_ body: (SQLiteExecutor, String) async throws -> Void) async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    defer { withExtendedLifetime(folder) {} }
    try await body(store, folder.file())
    await store.close()
  }

  /// As many as leave each number of rows behind the full statements.
  @Test(arguments: [1, 2, 3, 7, 31, 32, 33, 63, 64, 95, 97])
  func allAreStoredInOrder(_ count: Int) async throws {
    try await withStore { store, file in
      let writes = (0..<count).map { number in
        // Every tenth is too large to be inserted together with others.
        let data = Payload(String(repeating: "x", count: number % 10 == 9 ? 5000 : number))
        return (events: [NewEvent.sample("a\(number % 5)", "N\(number)", data: data)], condition: WriteCondition?.none)
      }
      let results = try await inOneCommit(store, file, writes).map { try $0.get() }
      #expect(results.map { $0.events[0].version } == (0..<count).map { $0 / 5 + 1 })
      let log = try await store.everything().dropFirst()
      #expect(log.map(\.cursor) == results.map { $0.events[0].cursor })
      #expect(log.map(\.node.name) == writes.map { $0.events[0].name })
      #expect(log.map(\.node.data) == writes.map { $0.events[0].data })
    }
  }

  @Test func aResendIsFound() async throws {
    try await withStore { store, file in
      let ids = (0..<5).map { _ in ULID() }
      let writes = ids.map { (events: [NewEvent.sample(id: $0)], condition: WriteCondition?.none) }
      let others = [
        (events: [NewEvent.sample(id: ids[3])], condition: WriteCondition?.none),
        (events: [.sample("acc-2", id: ids[4])], condition: nil),
        (events: [.sample(id: ids[0]), .sample(id: ULID())], condition: nil),
      ]
      let results = try await inOneCommit(store, file, writes + others)
      let stored = try results[3].get()
      let resent = try results[5].get()
      #expect(resent.isResend && resent.events == stored.events)
      #expect(results[6...].map(\.code) == [.duplicateEventID, .duplicateEventID])
      let log = try await store.everything()
      #expect(log.dropFirst().map(\.node.id) == ids)
    }
  }

  @Test func aConditionSeesWhatIsNew() async throws {
    try await withStore { store, file in
      let end = try await store.write([.sample("old")]).events[0].cursor
      let filter = [ReadAggregator("bank/Account", id: "acc-7")]
      let results = try await inOneCommit(
        store, file,
        [
          ([.sample("acc-7")], WriteCondition(failIfEventsMatch: filter, after: end)),
          ([.sample("acc-7")], WriteCondition(failIfEventsMatch: filter, after: end)),
          ([.sample("acc-8")], WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account", id: "acc-8")])),
        ])
      #expect(try results[0].get().events[0].version == 1)
      #expect(results.map(\.code) == [nil, .conditionFailed, nil])
    }
  }

  /// More aggregates in one write than are remembered; the last event is one of the first of them.
  @Test func aForgottenAggregateGoesOn() async throws {
    try await withStore { store, file in
      var many = (0..<20_000).map { NewEvent.sample("a\($0)") }
      many.append(.sample("a0"))
      let results = try await inOneCommit(store, file, [(many, nil), ([.sample("a0")], nil)])
      #expect(try results[0].get().events.last?.version == 2)
      #expect(try results[1].get().events[0].version == 3)
    }
  }
}

extension Result where Failure == EventoError {
  fileprivate var code: EventoError.Code? {
    if case .failure(let error) = self { error.code } else { nil }
  }
}
