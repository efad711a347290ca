import Evento
import EventoTesting
import Synchronization
import Testing

/// One signal over several: whatever commits, whoever waits is woken, also where the relay has just stopped to listen.
@Suite(.timeLimit(.minutes(1))) struct CommitRelayTests {
  /// Later than any of these tests takes: who is woken by it alone has missed a commit.
  private static var far: ContinuousClock.Instant { .now + .seconds(10) }

  // MARK: No commit is missed

  /// How the relay that is waited on gets at a store.
  enum Arrangement: CaseIterable {
    case relay, relayOfARelay

    func signal(of store: InMemoryExecutor) -> (signal: CommitSignal, owner: any Sendable) {
      switch self {
      case .relay:
        let relay = CommitRelay([InMemoryExecutor(), store])
        return (relay.signal, relay)
      case .relayOfARelay:
        // A group would take another group's members for its own.
        let inner = ReadWriteExecutor(read: ExecutorGroup([InMemoryExecutor(), store]), write: store)
        let outer = ExecutorGroup([InMemoryExecutor(), inner])
        return (outer.commits ?? CommitSignal(), outer)
      }
    }
  }

  /// Commits and waits that begin about when the relay looks whether anybody still waits, and else at any moment. Many
  /// at a time, each with a relay of its own, as each has to let some time pass.
  @Test(arguments: Arrangement.allCases) func missesNoCommit(_ arrangement: Arrangement) async {
    await withTaskGroup(of: Void.self) { group in
      for seed in 0..<64 {
        group.addTask { await Self.commitAndWait(arrangement, SeededGenerator(seed: UInt64(seed))) }
      }
    }
  }

  private static func commitAndWait(_ arrangement: Arrangement, _ random: SeededGenerator) async {
    var random = random
    let store = InMemoryExecutor()
    let (signal, owner) = arrangement.signal(of: store)
    let log = Log()
    var lastWait = ContinuousClock.now
    for length in 1...20 {
      // When the relay looks, or one of those that are waited on by a relay.
      let look = lastWait + .milliseconds(50 * Int.random(in: 1...2, using: &random))
      let spread = [0..<1500, -200..<200, -50_000..<5000][Int.random(in: 0..<3, using: &random)]
      let commit = look + .microseconds(Int.random(in: spread, using: &random))
      async let committed: Void = {
        try? await Task.sleep(until: commit, tolerance: .zero)
        log.length.store(length, ordering: .sequentiallyConsistent)
        store.commits?.advance()
      }()
      let wait = look + .microseconds(Int.random(in: spread, using: &random))
      // What commits between the look at the log and the wait is what can get lost.
      let looksBefore = Bool.random(using: &random)
      if !looksBefore { try? await Task.sleep(until: wait, tolerance: .zero) }
      while true {
        let count = signal.count
        if log.length.load(ordering: .sequentiallyConsistent) == length { break }
        if looksBefore { try? await Task.sleep(until: wait, tolerance: .zero) }
        lastWait = .now
        await signal.wait(past: count, until: far)
        guard signal.count > count else {
          Issue.record("nobody was woken by commit \(length)")
          return
        }
      }
      await committed
    }
    withExtendedLifetime(owner) {}
  }

  private final class Log: Sendable {
    let length = Atomic(0)
  }

  // MARK: The end

  /// While nobody waits, nobody listens to the sources either.
  @Test(arguments: [false, true]) func theEndIsNoticedByWhoWaitsNext(_ hasBeenWaitedOn: Bool) async {
    let stores = [InMemoryExecutor(), InMemoryExecutor()]
    let relay = CommitRelay(stores)
    if hasBeenWaitedOn { await waitOnce(relay, stores) }
    for store in stores { store.commits?.finish() }
    await relay.signal.wait(past: .max, until: Self.far)
    #expect(relay.signal.isFinished)
    // And by whoever comes then.
    await relay.signal.wait(past: .max, until: Self.far)
  }

  @Test func theEndOfAllWakesWhoWaits() async {
    let stores = [InMemoryExecutor(), InMemoryExecutor()]
    let relay = CommitRelay(stores)
    async let woken: Void = relay.signal.wait(past: .max, until: Self.far)
    for store in stores { store.commits?.finish() }
    await woken
    #expect(relay.signal.isFinished)
  }

  /// Whether the one ends while somebody waits, or while nobody does.
  @Test(arguments: [false, true]) func whereOneEndsTheOthersGoOn(_ isAwaited: Bool) async {
    let stores = [InMemoryExecutor(), InMemoryExecutor()]
    let relay = CommitRelay(stores)
    if isAwaited {
      let count = relay.signal.count
      async let woken: Void = relay.signal.wait(past: count, until: Self.far)
      stores[0].commits?.finish()
      await woken
      #expect(relay.signal.count > count)
    } else {
      stores[0].commits?.finish()
    }
    // It does wait.
    await relay.signal.wait(past: .max, until: .now + .milliseconds(30))
    for _ in 0..<3 {
      let count = relay.signal.count
      async let woken: Void = relay.signal.wait(past: count, until: Self.far)
      stores[1].commits?.advance()
      await woken
      #expect(relay.signal.count > count && !relay.signal.isFinished)
    }
    stores[1].commits?.finish()
    await relay.signal.wait(past: .max, until: Self.far)
    #expect(relay.signal.isFinished)
  }

  /// A store that can't tell may always have more.
  @Test func besideAStoreThatCannotTellItDoesNotEnd() async {
    let store = InMemoryExecutor()
    let relay = CommitRelay([store, HookedExecutor(InMemoryExecutor())])
    store.commits?.finish()
    for _ in 0..<3 {
      let count = relay.signal.count
      await relay.signal.wait(past: count, until: Self.far)
      #expect(relay.signal.count > count)
    }
    #expect(!relay.signal.isFinished)
  }

  /// Has it listen, and stop to listen.
  private func waitOnce(_ relay: CommitRelay, _ stores: [InMemoryExecutor]) async {
    let count = relay.signal.count
    async let woken: Void = relay.signal.wait(past: count, until: Self.far)
    stores[0].commits?.advance()
    await woken
    while stores.contains(where: { $0.commits?.isStillAwaited() == true }) {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }
}
