import Dispatch
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// Writes that share a commit see each other as if each had had one of its own.
@Suite struct SharedCommitTests {
  private typealias Write = (events: [NewEvent], condition: WriteCondition?)

  /// What came of writes that were there before the writer took the first of them, and the log afterwards.
  private struct Commit {
    let results: [Result<WriteResult, EventoError>]
    let log: [Edge<Event>]

    var codes: [EventoError.Code?] {
      results.map { if case .failure(let error) = $0 { error.code } else { nil } }
    }

    /// Those of the commits that the log has.
    var commitIDs: Set<Int64> { Set(log.compactMap { LogPosition($0.cursor)?.commitID }) }
  }

  private func commit(
    _ writes: [Write], on setUp: (Connection) throws -> Void = { _ in }
  ) async throws -> Commit {
    let folder = try TestFolder()
    defer { withExtendedLifetime(folder) {} }
    let connection = try Connection(path: folder.file(), busyTimeout: .seconds(5))
    try Schema.prepare(connection, path: folder.file(), isInMemory: false)
    try setUp(connection)
    let queue = DispatchQueue(label: "test.writer")
    queue.suspend()
    let writer = Writer(
      connection, nil, queue: queue, waitingLimit: writes.count, commitDuration: .seconds(60), stuckAfter: .seconds(5),
      poller: ForeignCommitPoller(nil, end: 0),
      notify: { _ in })
    let (outcomes, outcome) = AsyncStream.makeStream(of: (Int, Result<WriteResult, EventoError>).self)
    for (index, write) in writes.enumerated() {
      writer.submit(
        EventWriteJob(write.events, write.condition, now: { Timestamp(milliseconds: 0) }) { outcome.yield((index, $0)) }
      )
    }
    queue.resume()
    var results: [Int: Result<WriteResult, EventoError>] = [:]
    for await (index, result) in outcomes {
      results[index] = result
      if results.count == writes.count { break }
    }
    await writer.close()
    let store = try await SQLiteExecutor.open(folder.file())
    let log = try await store.everything()
    await store.close()
    return Commit(results: try writes.indices.map { try #require(results[$0]) }, log: log)
  }

  /// As many as leave each number of rows behind the full statements.
  @Test(arguments: [1, 2, 3, 7, 31, 32, 33, 63, 64, 95, 97])
  func allAreStoredInOrder(_ count: Int) async throws {
    let writes = (0..<count).map { number -> Write in
      // Every tenth is too large to be inserted together with others.
      let data = Payload(String(repeating: "x", count: number % 10 == 9 ? 5000 : number))
      return ([.sample("a\(number % 5)", "N\(number)", data: data)], nil)
    }
    let commit = try await commit(writes)
    let written = try commit.results.map { try $0.get().events[0] }
    #expect(commit.commitIDs.count == 1)
    #expect(written.map(\.version) == (0..<count).map { $0 / 5 + 1 })
    #expect(commit.log.map(\.cursor) == written.map(\.cursor))
    #expect(commit.log.map(\.node.name) == writes.map { $0.events[0].name })
    #expect(commit.log.map(\.node.data) == writes.map { $0.events[0].data })
  }

  @Test func aResendIsFound() async throws {
    let ids = (0..<5).map { _ in ULID() }
    let writes = ids.map { id -> Write in ([.sample(id: id)], nil) }
    let others: [Write] = [
      ([.sample(id: ids[3])], nil),
      ([.sample("acc-2", id: ids[4])], nil),
      ([.sample(id: ids[0]), .sample(id: ULID())], nil),
    ]
    let commit = try await commit(writes + others)
    let resent = try commit.results[5].get()
    #expect(resent.isResend)
    #expect(try resent.events == commit.results[3].get().events)
    #expect(commit.codes[6...] == [.duplicateEventID, .duplicateEventID])
    #expect(commit.log.map(\.node.id) == ids)
    // One commit: it has not failed and been done over for each.
    #expect(commit.commitIDs.count == 1)
  }

  @Test func aConditionSeesWhatIsNew() async throws {
    func condition(_ id: String) -> WriteCondition {
      WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account", id: id)])
    }
    let commit = try await commit([
      ([.sample("acc-7")], condition("acc-7")), ([.sample("acc-7")], condition("acc-7")),
      ([.sample("acc-8")], condition("acc-8")),
    ])
    #expect(commit.codes == [nil, .conditionFailed, nil])
    #expect(commit.log.map(\.node.aggregatorID) == ["acc-7", "acc-8"])
    #expect(commit.commitIDs.count == 1)
  }

  /// Names and ids are written too, and an entry in each index.
  @Test func eventsWithoutDataAreNotForNothing() async throws {
    let id = String(repeating: "a", count: 240)
    let commit = try await commit(
      (0..<20).map { write in ((0..<1000).map { .sample("\(id)-\(write)-\($0)", data: Payload("")) }, nil) })
    #expect(commit.codes == Array(repeating: nil, count: 20))
    #expect(commit.commitIDs.count > 1)
  }

  /// A small write waits for one commit at most, however many large ones were there before it.
  @Test func smallWritesPassLargeOnes() async throws {
    let large = Payload("\"\(String(repeating: "x", count: 1_000_000))\"")
    let commit = try await commit((0..<6).map { ([.sample("a\($0)", data: $0 < 5 ? large : Payload("1"))], nil) })
    #expect(commit.codes == Array(repeating: nil, count: 6))
    #expect(commit.log.map(\.node.aggregatorID) == ["a5", "a0", "a1", "a2", "a3", "a4"])
    #expect(commit.commitIDs.count > 1)
  }

  @Test func aVersionIsThatAfterWhatIsNew() async throws {
    let commit = try await commit([
      ([.sample(version: 1)], nil), ([.sample(version: 1)], nil), ([.sample(version: 3)], nil),
      ([.sample(version: 2)], nil), ([.sample()], nil),
    ])
    #expect(commit.codes == [nil, .invalidOriginalVersion, .invalidOriginalVersion, nil, nil])
    #expect(commit.log.map(\.node.version) == [1, 2, 3])
    #expect(commit.commitIDs.count == 1)
  }

  /// More aggregates in one write than are remembered; the last event is one of the first of them.
  @Test func aForgottenAggregateGoesOn() async throws {
    let many = (0..<20_000).map { NewEvent.sample("a\($0)") } + [.sample("a0")]
    let large = Payload("\"\(String(repeating: "x", count: 1_000_000))\"")
    let commit = try await commit([(many, nil), ([.sample("a0", data: large)], nil)])
    #expect(try commit.results[0].get().events.last?.version == 2)
    #expect(try commit.results[1].get().events[0].version == 3)
  }

  /// One that the database does not take fails alone, although its row was to go in with those of others.
  @Test func aRowThatIsNotTakenFailsAlone() async throws {
    let writes = (0..<10).map { number -> Write in
      ([.sample("a\(number % 2)", data: Payload(number == 4 ? "bad" : "\(number)"))], nil)
    }
    let commit = try await commit(writes) { connection in
      try connection.execute(
        """
        CREATE TRIGGER refusal BEFORE INSERT ON event WHEN NEW.data = CAST('bad' AS BLOB)
        BEGIN SELECT RAISE(ABORT, 'not taken'); END
        """)
    }
    #expect(commit.codes.indices.filter { commit.codes[$0] != nil } == [4])
    #expect(commit.log.map(\.node.data.text) == (0..<10).filter { $0 != 4 }.map { "\($0)" })
    #expect(commit.log.map { LogPosition($0.cursor)?.position } == Array(1...9))
    #expect(commit.log.filter { $0.node.aggregatorID == "a0" }.map(\.node.version) == Array(1...4))
  }
}
