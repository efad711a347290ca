import Evento
import EventoSQLite
import Synchronization
import Testing

/// What the signal says of commits to those who listen.
@Suite(.timeLimit(.minutes(1))) struct CommitHintTests {
  /// The hints of a store's commits; `nil` for an advance without one.
  private final class Hints: Sendable {
    private let all = Mutex<[CommitHint?]>([])
    private let listening = Mutex<CommitSignal.Listening?>(nil)

    init(_ store: SQLiteExecutor) {
      let new = store.commits?.listen { [weak self] hint in self?.all.withLock { $0.append(hint) } }
      listening.withLock { $0 = new }
    }

    func take() -> [CommitHint?] {
      all.withLock { all in
        defer { all = [] }
        return all
      }
    }
  }

  private static func names(_ hint: CommitHint?) -> [String] {
    hint?.events.map { "\($0.aggregatorType) \($0.aggregatorID) \($0.name) \($0.routingKey ?? "-")" } ?? []
  }

  @Test(arguments: [true, false]) func nameTheEventsOfEachCommit(_ isInMemory: Bool) async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(isInMemory ? ":memory:" : folder.file())
    let hints = Hints(store)
    let start = ContinuousClock.now
    let first = try await store.write([.sample("a", routingKey: .value("eu")), .sample("b", "Closed", type: "t")])
    // The routing key of the aggregate, which the write does not say.
    let second = try await store.write([.sample("a", "Renamed")])
    let seen = hints.take()
    #expect(
      seen.map(Self.names) == [["bank/Account a Opened eu", "t b Closed -"], ["bank/Account a Renamed eu"]])
    #expect(seen.map { $0?.end } == [first.events.last?.cursor, second.events.last?.cursor])
    let began = seen.compactMap { $0?.began }
    #expect(began.count == 2 && began[0] >= start && began[0] < began[1] && began[1] < .now)
    // What adds nothing to the log is no commit to be told.
    try await store.upsertSubscriber("k", workerID: ULID())
    await expect(.invalidOriginalVersion) { () throws in try await store.write([.sample(version: 9)]) }
    #expect(hints.take().isEmpty)
    await store.close()
  }

  @Test func manyEventsAreNotNamed() async throws {
    try await withStore { store in
      let hints = Hints(store)
      for count in [CommitHint.maximumEvents, CommitHint.maximumEvents + 1] {
        try await store.write((0..<count).map { .sample("a\($0)") })
        #expect(Self.names(try #require(hints.take().last)).count == (count > CommitHint.maximumEvents ? 0 : count))
      }
    }
  }

  /// A commit behind another executor's does not name all that is new.
  @Test func thereIsNoneAfterACommitByAnother() async throws {
    let folder = try TestFolder()
    let one = try await SQLiteExecutor.open(folder.file())
    let two = try await SQLiteExecutor.open(folder.file())
    let hints = Hints(one)
    try await one.write([.sample("a")])
    #expect(hints.take().map { $0 != nil } == [true])
    try await two.write([.sample("b")])
    try await one.write([.sample("c")])
    #expect(hints.take().last.map { $0 != nil } == false)
    try await one.write([.sample("d")])
    #expect(Self.names(try #require(hints.take().last)) == ["bank/Account d Opened -"])
    await one.close()
    await two.close()
  }

  /// The look at the file for commits by others, twenty times a second, leaves out those that were told already.
  @Test func theExecutorsOwnCommitsAreToldOnce() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let hints = Hints(store)
    let end = ContinuousClock.now + .milliseconds(500)
    var written = 0
    while ContinuousClock.now < end {
      try await store.write([.sample("a")])
      written += 1
    }
    let seen = hints.take()
    #expect(seen.count == written && seen.allSatisfy { $0 != nil })
    await store.close()
  }
}
