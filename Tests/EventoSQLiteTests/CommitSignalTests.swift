import Evento
import EventoSQLite
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommitSignalTests {
  private static var far: ContinuousClock.Instant { .now + .seconds(1000) }

  @Test func tellsOfACommitByTheSameExecutor() async throws {
    let folder = try TestFolder()
    for path in [":memory:", folder.file()] {
      let store = try await SQLiteExecutor.open(path)
      let commits = try #require(store.commits)
      let before = commits.count
      async let woken: Void = commits.wait(past: before, until: Self.far)
      try await store.write([.sample()])
      await woken
      #expect(commits.count > before)
      // What has committed before the wait ends it at once.
      await commits.wait(past: before, until: Self.far)
      await store.close()
    }
  }

  @Test func tellsOfACommitByAnotherExecutorOnTheFile() async throws {
    let folder = try TestFolder()
    let one = try await SQLiteExecutor.open(folder.file())
    let two = try await SQLiteExecutor.open(folder.file())
    let commits = try #require(two.commits)
    let reader = Task { () -> [Int] in
      var (start, seen) = (Args.Start.beginning, [Int]())
      while seen.count < 20 {
        let count = commits.count
        let page = try await two.read(nil, routingKey: .all, args: .forward(first: 100, after: start))
        seen += page.edges.map(\.node.version)
        if let end = page.pageInfo.endCursor { start = .after(end) }
        if page.edges.isEmpty { await commits.wait(past: count, until: Self.far) }
      }
      return seen
    }
    for _ in 0..<20 { try await one.write([.sample()]) }
    #expect(try await reader.value == Array(1...20))
    await one.close()
    await two.close()
  }

  @Test func givesUpAtTheDeadline() async throws {
    try await withStore { store in
      let commits = try #require(store.commits)
      await commits.wait(past: commits.count, until: .now)
      await commits.wait(past: commits.count, until: .now + .milliseconds(60))
    }
  }

  @Test func endsWithTheTask() async throws {
    try await withStore { store in
      let commits = try #require(store.commits)
      let count = commits.count
      let waiting = Task { await commits.wait(past: count + 1000, until: Self.far) }
      waiting.cancel()
      await waiting.value
      let cancelled = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        await commits.wait(past: count + 1000, until: Self.far)
      }
      await cancelled.value
    }
  }

  @Test func endsWithTheStore() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let commits = try #require(store.commits)
    let count = commits.count
    let waiting = Task { await commits.wait(past: count, until: Self.far) }
    await store.close()
    await waiting.value
    await commits.wait(past: commits.count, until: Self.far)
  }

  @Test func isNotMovedByWhatAddsNoEvent() async throws {
    try await withStore { store in
      try await store.write([.sample()])
      let commits = try #require(store.commits)
      let count = commits.count
      try await store.upsertSubscriber("k", workerID: ULID())
      await expect(.invalidOriginalVersion) { () throws in try await store.write([.sample(version: 9)]) }
      #expect(commits.count == count)
    }
  }
}
