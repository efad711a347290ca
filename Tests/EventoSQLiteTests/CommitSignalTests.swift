import Evento
import EventoSQLite
import Testing

@Suite struct CommitSignalTests {
  private static var far: ContinuousClock.Instant { .now + .seconds(60) }

  @Test func tellsOfACommitByTheSameExecutor() async throws {
    let folder = try TestFolder()
    for path in [":memory:", folder.file()] {
      let store = try await SQLiteExecutor.open(path)
      let before = store.commits.count
      async let woken: Void = store.commits.wait(past: before, until: Self.far)
      try await store.write([.sample()])
      await woken
      #expect(store.commits.count > before)
      // What has committed before the wait ends it at once.
      await store.commits.wait(past: before, until: Self.far)
      await store.close()
    }
  }

  @Test func tellsOfACommitByAnotherExecutorOnTheFile() async throws {
    let folder = try TestFolder()
    let one = try await SQLiteExecutor.open(folder.file())
    let two = try await SQLiteExecutor.open(folder.file())
    let reader = Task { () -> [Int] in
      var (start, seen) = (Args.Start.beginning, [Int]())
      while seen.count < 20 {
        let count = two.commits.count
        let page = try await two.read(nil, routingKey: .all, args: .forward(first: 100, after: start))
        seen += page.edges.map(\.node.version)
        if let end = page.pageInfo.endCursor { start = .after(end) }
        if page.edges.isEmpty { await two.commits.wait(past: count, until: Self.far) }
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
      await store.commits.wait(past: store.commits.count, until: .now)
      await store.commits.wait(past: store.commits.count, until: .now + .milliseconds(60))
    }
  }

  @Test func endsWithTheTask() async throws {
    try await withStore { store in
      let count = store.commits.count
      let waiting = Task { await store.commits.wait(past: count + 1000, until: Self.far) }
      waiting.cancel()
      await waiting.value
      let cancelled = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        await store.commits.wait(past: count + 1000, until: Self.far)
      }
      await cancelled.value
    }
  }

  @Test func endsWithTheStore() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let count = store.commits.count
    let waiting = Task { await store.commits.wait(past: count, until: Self.far) }
    await store.close()
    await waiting.value
    await store.commits.wait(past: store.commits.count, until: Self.far)
  }

  @Test func isNotMovedByWhatAddsNoEvent() async throws {
    try await withStore { store in
      try await store.write([.sample()])
      let count = store.commits.count
      try await store.upsertSubscriber("k", workerID: ULID())
      await expect(.invalidOriginalVersion) { () throws in try await store.write([.sample(version: 9)]) }
      #expect(store.commits.count == count)
    }
  }
}
