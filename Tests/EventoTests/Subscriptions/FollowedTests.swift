import Evento
import Testing

/// Subscriptions on a store that tells of commits to followers alone.
@Suite(.timeLimit(.minutes(1))) struct FollowedTests {
  struct Refusal: Error {}

  private func deposit(_ amount: Int, _ store: some Executor) async throws {
    try await Account.aggregate("a").event(Deposited(amount: amount)).commit(to: store)
  }

  /// A subscription whose clock stands still, and the amounts that it handles as they come.
  private func handling(_ clock: ManualClock) -> (Subscription, AsyncStream<Int>) {
    let (amounts, handled) = AsyncStream.makeStream(of: Int.self)
    let subscription = Subscription("s").clock(clock).on(Deposited.self) { _ = handled.yield($0.data.amount) }
    return (subscription, amounts)
  }

  enum Arrangement: CaseIterable {
    case alone
    /// Whose own signal would move on by itself, with a look at the store each time.
    case behindAnother
    case inAGroup

    func around(_ store: FollowedExecutor) -> any Executor {
      switch self {
      case .alone: store
      case .behindAnother: ReadWriteExecutor(read: store, write: store)
      case .inAGroup: ReadWriteExecutor(read: ExecutorGroup([store]), write: store)
      }
    }
  }

  @Test(arguments: Arrangement.allCases)
  func oneFollowerWakesTheWorkerForAllThatCommits(_ arrangement: Arrangement) async throws {
    try await withStore { store in
      let starts = Box<[Args.Start]>([])
      let followed = arrangement.around(FollowedExecutor(store, onFollow: { starts.value.append($0) }))
      let (subscription, amounts) = handling(ManualClock())
      try await deposit(0, store)
      let running = try await subscription.start(on: followed)
      var iterator = amounts.makeAsyncIterator()
      #expect(await iterator.next() == 0)
      // Written while the worker reads, handles, acknowledges and begins to wait, as it happens.
      for amount in 1...100 {
        try await deposit(amount, store)
        #expect(await iterator.next() == amount)
      }
      #expect(try await running.shutdown() == .stopped)
      #expect(starts.value.count == 1)
    }
  }

  /// What a stream brings is handled as it is: the log is read once, before the stream begins.
  @Test func whatAStreamBringsIsNotReadAgain() async throws {
    try await withStore { store in
      let (reads, checks, acknowledgements) = (Box(0), Box(0), Box(0))
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in reads.value += 1 }
      hooked.beforeCheck = { () async throws in checks.value += 1 }
      hooked.beforeAcknowledge = { () async throws in acknowledgements.value += 1 }
      let (subscription, amounts) = handling(ManualClock())
      let running = try await subscription.start(on: FollowedExecutor(hooked, following: store))
      var iterator = amounts.makeAsyncIterator()
      for amount in 1...50 {
        try await deposit(amount, store)
        #expect(await iterator.next() == amount)
        let cursor = try await store.everything().last?.cursor
        while try await store.getSubscriberCursor("s") != cursor { await Task.yield() }
      }
      #expect(try await running.shutdown() == .stopped)
      // Who holds the subscriber, and its cursor, at the start.
      #expect(reads.value == 1 && checks.value == 2 && acknowledgements.value == 50)
    }
  }

  @Test func anEventOfAStreamThatFailsComesAgainInItsOrder() async throws {
    try await withStore { store in
      let (clock, starts) = (ManualClock(), Box<[Args.Start]>([]))
      let (amounts, handled) = AsyncStream.makeStream(of: Int.self)
      let subscription = Subscription("s").clock(clock).on(Deposited.self) { event, context in
        if event.data.amount == 2, context.attempt == 1 { throw Refusal() }
        handled.yield(event.data.amount)
      }
      try await deposit(0, store)
      let running = try await subscription.start(
        on: FollowedExecutor(store, onFollow: { starts.value.append($0) }))
      var iterator = amounts.makeAsyncIterator()
      #expect(await iterator.next() == 0)
      while starts.value.isEmpty { await Task.yield() }
      for amount in 1...3 { try await deposit(amount, store) }
      #expect(await iterator.next() == 1)
      while await clock.sleeper() != .seconds(1) { await Task.yield() }
      await clock.wakeSleeper()
      #expect(await iterator.next() == 2)
      #expect(await iterator.next() == 3)
      try await deposit(4, store)
      #expect(await iterator.next() == 4)
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aTakeOverIsNoticedWithTheAcknowledgementOfAnEvent() async throws {
    try await withStore { store in
      let starts = Box<[Args.Start]>([])
      let (subscription, amounts) = handling(ManualClock())
      let running = try await subscription.start(
        on: FollowedExecutor(store, onFollow: { starts.value.append($0) }))
      while starts.value.isEmpty { await Task.yield() }
      try await store.upsertSubscriber("s", workerID: ULID())
      for amount in 1...3 { try await deposit(amount, store) }
      #expect(try await running.waitUntilEnded() == .takenOver)
      #expect(try await store.getSubscriberCursor("s") == nil)
      withExtendedLifetime(amounts) {}
    }
  }

  @Test func aCursorThatIsSetBackIsNoticedWithoutACommit() async throws {
    try await withStore { store in
      let clock = ManualClock()
      let (subscription, amounts) = handling(clock)
      try await deposit(1, store)
      let running = try await subscription.start(on: FollowedExecutor(store))
      var iterator = amounts.makeAsyncIterator()
      #expect(await iterator.next() == 1)
      while await clock.sleeper() != .seconds(5) { await Task.yield() }
      try await store.acknowledge("s", cursor: nil)
      await clock.wakeSleeper()
      #expect(await iterator.next() == 1)
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aFollowerThatIsRefusedBeginsAgainAfterAPause() async throws {
    try await withStore { store in
      let (clock, pages) = (ManualClock(), Box(0))
      let followed = FollowedExecutor(
        store,
        beforePage: { () throws in
          pages.value += 1
          if pages.value == 1 { throw EventoError(.forbidden, "Not now.") }
        })
      let (subscription, amounts) = handling(clock)
      let running = try await subscription.start(on: followed)
      var iterator = amounts.makeAsyncIterator()
      // The pause of the follower is the shorter one of the two that are slept.
      while await clock.sleeper() != .milliseconds(300) { await Task.yield() }
      await clock.wakeSleeper()
      try await deposit(1, store)
      #expect(await iterator.next() == 1)
      try await deposit(2, store)
      #expect(await iterator.next() == 2)
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aWorkerThatEndsFollowsNoLonger() async throws {
    try await withStore { store in
      let (begun, ended) = (AsyncStream.makeStream(of: Void.self), AsyncStream.makeStream(of: Void.self))
      let followed = FollowedExecutor(
        store,
        beforePage: { () throws in
          begun.continuation.yield()
          // A sleep that the end of the worker cuts short.
          try? await ManualClock().sleep(for: .seconds(1))
          ended.continuation.yield()
        })
      let (subscription, _) = handling(ManualClock())
      let running = try await subscription.start(on: followed)
      for await _ in begun.stream { break }
      #expect(try await running.shutdown() == .stopped)
      for await _ in ended.stream { break }
    }
  }

  /// That a subscriber is taken over is no commit.
  @Test func aTakeOverIsNoticedWithoutACommit() async throws {
    try await withStore { store in
      let clock = ManualClock()
      let (subscription, _) = handling(clock)
      let running = try await subscription.start(on: FollowedExecutor(store))
      #expect(await clock.sleeper() == .seconds(5))
      try await store.upsertSubscriber("s", workerID: ULID())
      await clock.wakeSleeper()
      // A store that can't tell by whom: the worker idles, and looks again.
      #expect(await clock.sleeper() == .milliseconds(300))
      #expect(try await running.shutdown() == .stopped)
    }
  }
}
