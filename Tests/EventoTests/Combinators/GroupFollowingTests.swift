import Evento
import EventoSQLite
import EventoTesting
import Testing

@Suite struct GroupFollowingTests {
  private static var far: ContinuousClock.Instant { .now + .seconds(60) }

  @Test func aCommitInAnyMemberWakesWhoWaits() async throws {
    let stores = ThreeStores()
    for member in [2, 0, 1, 1, 2] {
      let count = stores.group.commits.count
      async let woken: Void = stores.group.commits.wait(past: count, until: Self.far)
      await Task.yield()
      try await stores.write(to: member, at: 1)
      await woken
      #expect(stores.group.commits.count > count)
    }
  }

  @Test func aCommitBetweenTheLookAndTheWaitIsNotMissed() async throws {
    let stores = ThreeStores()
    for member in 0..<3 {
      let count = stores.group.commits.count
      try await stores.write(to: member, at: 1)
      await stores.group.commits.wait(past: count, until: Self.far)
      #expect(stores.group.commits.count > count)
    }
  }

  @Test func whereAMemberCannotTellTheSignalMovesOnByItself() async throws {
    let silent = HookedExecutor(InMemoryExecutor())
    #expect((silent as any Executor) as? any CommitNotifier == nil)
    for executor in [
      ExecutorGroup([InMemoryExecutor(), silent]), ExecutorGroup([silent]),
      ReadWriteExecutor(read: silent, write: InMemoryExecutor()),
    ] as [any CommitNotifier] {
      for _ in 0..<3 {
        let count = executor.commits.count
        await executor.commits.wait(past: count, until: Self.far)
        #expect(executor.commits.count > count)
      }
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
    await members[0].close()
    // The other may still commit.
    let count = group.commits.count
    async let woken: Void = group.commits.wait(past: count, until: Self.far)
    try await members[1].write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")])
    await woken
    async let ended: Void = group.commits.wait(past: .max, until: Self.far)
    await members[1].close()
    await ended
    await group.commits.wait(past: .max, until: Self.far)
  }

  @Test func aWaitEndsWithItsTaskAndAtItsDeadline() async throws {
    let group = ThreeStores().group
    await group.commits.wait(past: .max, until: .now + .milliseconds(30))
    let waiting = Task { await group.commits.wait(past: .max, until: Self.far) }
    waiting.cancel()
    await waiting.value
  }
}
