import Evento
import EventoSQLite
import EventoTesting
import Testing

@Suite struct GroupFollowingTests {
  private static var far: ContinuousClock.Instant { .now + .seconds(60) }

  @Test func aCommitInAnyMemberWakesWhoWaits() async throws {
    let stores = ThreeStores()
    let commits = try #require(stores.group.commits)
    for member in [2, 0, 1, 1, 2] {
      let count = commits.count
      async let woken: Void = commits.wait(past: count, until: Self.far)
      await Task.yield()
      try await stores.write(to: member, at: 1)
      await woken
      #expect(commits.count > count)
    }
  }

  @Test func aCommitBetweenTheLookAndTheWaitIsNotMissed() async throws {
    let stores = ThreeStores()
    let commits = try #require(stores.group.commits)
    for member in 0..<3 {
      let count = commits.count
      try await stores.write(to: member, at: 1)
      await commits.wait(past: count, until: Self.far)
      #expect(commits.count > count)
    }
  }

  /// Whoever follows them polls, and misses nothing.
  @Test func whereAMemberCannotTellThereIsNoSignal() async throws {
    let silent = HookedExecutor(InMemoryExecutor())
    #expect(silent.commits == nil)
    for executor in [
      ExecutorGroup([InMemoryExecutor(), silent]), ExecutorGroup([silent]),
      ReadWriteExecutor(read: silent, write: silent),
    ] as [any Executor] {
      #expect(executor.commits == nil)
      var events = executor.follow(after: .now).makeAsyncIterator()
      async let first = events.next()?.node.name
      // Until it has begun, nobody knows from where.
      let writing = Task {
        while !Task.isCancelled {
          _ = try await silent.write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")])
          try? await Task.sleep(for: .milliseconds(10))
        }
      }
      #expect(try await first == "n")
      writing.cancel()
      _ = await writing.result
    }
  }

  @Test func aGroupOfOneAndAReaderPassTheirSignalOn() {
    let store = InMemoryExecutor()
    #expect(ExecutorGroup([store]).commits === store.commits)
    #expect(ReadWriteExecutor(read: store, write: InMemoryExecutor()).commits === store.commits)
  }

  @Test func nobodyWaitsForMembersThatAreAllClosed() async throws {
    let members = [try await SQLiteExecutor.open(":memory:"), try await SQLiteExecutor.open(":memory:")]
    let group = ExecutorGroup(members)
    let commits = try #require(group.commits)
    await members[0].close()
    // The other may still commit.
    let count = commits.count
    async let woken: Void = commits.wait(past: count, until: Self.far)
    try await members[1].write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")])
    await woken
    async let ended: Void = commits.wait(past: .max, until: Self.far)
    await members[1].close()
    await ended
    await commits.wait(past: .max, until: Self.far)
    withExtendedLifetime(group) {}
  }

  @Test func aWaitEndsWithItsTaskAndAtItsDeadline() async throws {
    let group = ThreeStores().group
    let commits = try #require(group.commits)
    await commits.wait(past: .max, until: .now + .milliseconds(30))
    let waiting = Task { await commits.wait(past: .max, until: Self.far) }
    waiting.cancel()
    await waiting.value
    withExtendedLifetime(group) {}
  }
}
