import Evento
import Testing

/// One page is read while the one before it is handled, and no more.
@Suite(.timeLimit(.minutes(1))) struct ReadAheadTests {
  /// The number of events on a page of a follower, and of a projection.
  private static let (followed, projected) = (300, 1000)

  private func deposit(_ count: Int, _ store: some Executor) async throws {
    try await store.write(
      (1...count).map { number in
        NewEvent(
          aggregatorType: Account.aggregatorType, aggregatorID: "a", name: Deposited.eventName,
          data: Payload("{\"amount\":\(number)}"))
      })
  }

  /// Passes on reads, counts them, and does something before one of them.
  private func counting(
    _ store: any Executor, _ reads: Box<Int>, before number: Int = .max,
    _ hook: @escaping @Sendable () async throws -> Void = { () throws in }
  ) -> HookedExecutor {
    var hooked = HookedExecutor(store)
    hooked.beforeRead = { () async throws in
      let isIt = reads.withLock { reads in
        reads += 1
        return reads == number
      }
      if isIt { try await hook() }
    }
    return hooked
  }

  private func until(_ condition: () -> Bool) async {
    while !condition() { await Task.yield() }
  }

  /// Lets whatever could go on go on.
  private func settle() async {
    for _ in 0..<1000 { await Task.yield() }
  }

  // MARK: Followers

  @Test func aFollowerReadsOnePageAhead() async throws {
    try await withStore { store in
      try await deposit(Self.followed * 3 + 1, store)
      let reads = Box(0)
      var events = counting(store, reads).follow().makeAsyncIterator()
      await settle()
      #expect(reads.value == 0)
      for version in 1...Self.followed * 3 + 1 {
        #expect(try await events.next()?.node.version == version)
        // The last page says that there is no other.
        let pages = min((version - 1) / Self.followed + 2, 4)
        await until { reads.value >= pages }
        if version % Self.followed < 2 { await settle() }
        #expect(reads.value == pages, "after \(version)")
      }
    }
  }

  @Test func anErrorOfAPageAheadComesAfterTheEventsBeforeIt() async throws {
    try await withStore { store in
      try await deposit(Self.followed + 1, store)
      let reads = Box(0)
      let hooked = counting(store, reads, before: 2) { () throws in throw EventoError(.internal, "Damaged.") }
      var events = hooked.follow().makeAsyncIterator()
      for version in 1...Self.followed { #expect(try await events.next()?.node.version == version) }
      await until { reads.value == 2 }
      let error = await #expect(throws: EventoError.self) { _ = try await events.next() }
      #expect(error?.code == .internal)
      #expect(try await events.next() == nil)
    }
  }

  @Test(arguments: [false, true]) func whoeverStopsEndsTheReadAhead(_ cancels: Bool) async throws {
    try await withStore { store in
      try await deposit(Self.followed + 1, store)
      let (reads, isCancelled) = (Box(0), Box(false))
      let hooked = counting(store, reads, before: 2) { () throws in
        await until { Task.isCancelled }
        isCancelled.value = true
      }
      let task = Task {
        var count = 0
        for try await _ in hooked.follow() {
          count += 1
          if !cancels, count == 1 {
            await until { reads.value == 2 }
            break
          }
        }
        return count
      }
      if cancels {
        await until { reads.value == 2 }
        task.cancel()
      }
      #expect(try await task.value <= Self.followed)
      await until { isCancelled.value }
    }
  }

  @Test func whatCommitsBesideAReadAheadIsNotMissed() async throws {
    try await withStore { store in
      try await deposit(Self.followed + 1, store)
      let reads = Box(0)
      var events = counting(store, reads).follow().makeAsyncIterator()
      #expect(try await events.next()?.node.version == 1)
      await until { reads.value == 2 }
      try await Account.aggregate("a").event(Deposited(amount: 0)).commit(to: store)
      for version in 2...Self.followed + 2 { #expect(try await events.next()?.node.version == version) }
    }
  }

  // MARK: Projections

  @Test func aProjectionReadsOnePageAhead() async throws {
    try await withStore { store in
      let total = Self.projected * 2 + 1
      try await deposit(total, store)
      let (reads, versions) = (Box(0), Box<[Int]>([]))
      let projection = Projection<Account, Int>(initial: 0).on(Deposited.self) { sum, event in
        versions.value.append(event.version)
        sum += event.data.amount
        let pages = min((event.version - 1) / Self.projected + 2, 3)
        #expect(reads.value <= pages)
      }
      let loaded = try #require(try await projection.load("a", from: counting(store, reads)))
      #expect(loaded.state == total * (total + 1) / 2 && loaded.version == total)
      #expect(versions.value == Array(1...total))
      #expect(reads.value == 3)
    }
  }

  struct Refusal: Error {}

  /// That of the handler came first in the log.
  @Test func anErrorOfAProjectionsHandlerComesBeforeThatOfThePageAhead() async throws {
    try await withStore { store in
      try await deposit(Self.projected + 1, store)
      let reads = Box(0)
      let hooked = counting(store, reads, before: 2) { () throws in throw EventoError(.internal, "Damaged.") }
      let handled = Box(0)
      let counts = Projection<Account, Int>(initial: 0).on(Deposited.self) { _, event in handled.value = event.version }
      await expect(.internal) { _ = try await counts.load("a", from: hooked) }
      #expect(handled.value == Self.projected)
      reads.value = 0
      let refuses = Projection<Account, Int>(initial: 0).on(Deposited.self) { _, event in
        if event.version == Self.projected { throw Refusal() }
      }
      await #expect(throws: Refusal.self) { _ = try await refuses.load("a", from: hooked) }
    }
  }

  @Test func aLoadIsCancelledInTheMiddle() async throws {
    try await withStore { store in
      try await deposit(Self.projected + 1, store)
      let reads = Box(0)
      let hooked = counting(store, reads, before: 2) { () throws in
        await until { Task.isCancelled }
        throw CancellationError()
      }
      let task = Task { try await balances.load("a", from: hooked) }
      await until { reads.value == 2 }
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
  }

  // MARK: Subscriptions

  @Test func aSubscriptionReadsOneChunkAhead() async throws {
    try await withStore { store in
      try await deposit(9, store)
      let (reads, amounts) = (Box<[Int]>([]), Box<[Int]>([]))
      let pages = Box(0)
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in pages.value += 1 }
      try await Subscription("s").chunkSize(3).clock(ManualClock()).on(Deposited.self) { event in
        amounts.value.append(event.data.amount)
        if event.data.amount == 1 {
          // The chunk, the newest event, and the chunk ahead.
          await until { pages.value >= 3 }
          await settle()
          reads.value.append(pages.value)
        }
      }
      .runOnce(on: hooked)
      #expect(reads.value == [3])
      #expect(amounts.value == Array(1...9))
      // Three chunks, the newest event once, and the end of the log.
      #expect(pages.value == 5)
    }
  }

  @Test func aChunkAheadThatFailsIsReportedAfterTheEventsBeforeIt() async throws {
    try await withStore { store in
      try await deposit(4, store)
      let (reads, amounts, failures) = (Box(0), Box<[Int]>([]), Box<[SubscriptionFailure]>([]))
      let clock = ManualClock()
      // The first chunk, the newest event, and the chunk ahead.
      let hooked = counting(store, reads, before: 3) { () throws in throw EventoError(.unavailable, "Away.") }
      let running = try await Subscription("s").chunkSize(2).clock(clock)
        .onFailure { failure in
          #expect(amounts.value == [1, 2])
          failures.value.append(failure)
        }
        .on(Deposited.self) { amounts.value.append($0.data.amount) }.start(on: hooked)
      #expect(await clock.wakeSleeper() == .seconds(1))
      await clock.sleeper()
      #expect(amounts.value == [1, 2, 3, 4])
      #expect(failures.value.count == 1 && failures.value.first?.event == nil)
      try await running.shutdown()
    }
  }

  /// The clock stands still, so that the worker looks for no more after it has found nothing.
  @Test func whatCommitsBesideAChunkAheadIsNotMissed() async throws {
    try await withStore { store in
      try await deposit(4, store)
      let (reads, amounts) = (Box(0), Box<[Int]>([]))
      let running = try await Subscription("s").chunkSize(2).clock(ManualClock())
        .on(Deposited.self) { event in
          if event.data.amount == 1 {
            // The first chunk, the newest event, and the chunk ahead.
            await until { reads.value >= 3 }
            try await Account.aggregate("a").event(Deposited(amount: 5)).commit(to: store)
          }
          amounts.value.append(event.data.amount)
        }
        .start(on: counting(store, reads))
      await until { amounts.value.count == 5 }
      #expect(amounts.value == [1, 2, 3, 4, 5])
      try await running.shutdown()
    }
  }

  // MARK: Acknowledgements

  /// On its own, each waits for the other.
  @Test func theNextChunkIsHandledWhileAnAcknowledgementIsStored() async throws {
    try await withStore { store in
      try await deposit(5, store)
      let (amounts, cursors) = (Box<[Int]>([]), Box<[Cursor?]>([]))
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in
        if cursors.value.isEmpty { await until { amounts.value.count >= 3 } }
        cursors.value.append(try await store.getSubscriberCursor("s"))
      }
      try await Subscription("s").chunkSize(2).acknowledge(every: 2).on(Deposited.self) { event in
        // Fewer events than are acknowledged together are handled before that.
        let (all, cursor) = (try await store.everything().map(\.cursor), try await store.getSubscriberCursor("s"))
        let stored = cursor.flatMap { all.firstIndex(of: $0) } ?? -1
        #expect(event.version - stored - 1 <= 3, "\(event.version) is handled, and \(stored + 1) acknowledged")
        amounts.value.append(event.data.amount)
      }
      .runOnce(on: hooked)
      let all = try await store.everything().map(\.cursor)
      #expect(amounts.value == [1, 2, 3, 4, 5])
      // What each found: never more than the ones before it.
      #expect(cursors.value == [nil, all[1], all[3]])
      #expect(try await store.getSubscriberCursor("s") == all[4])
    }
  }

  @Test func withOneEventEachNoneIsHandledBeforeTheLastIsAcknowledged() async throws {
    try await withStore { store in
      try await deposit(5, store)
      let all = try await store.everything().map(\.cursor)
      try await Subscription("s").chunkSize(2).acknowledge(every: 1).on(Deposited.self) { event in
        let stored = try await store.getSubscriberCursor("s")
        #expect(stored == (event.version == 1 ? nil : all[event.version - 2]))
      }
      .runOnce(on: store)
      #expect(try await store.getSubscriberCursor("s") == all[4])
    }
  }

  @Test func aTakeOverThatAnAcknowledgementFindsEndsTheNextChunk() async throws {
    try await withStore { store in
      try await deposit(300, store)
      let (amounts, hasFailed) = (Box<[Int]>([]), Box(false))
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in
        if amounts.value.count <= 100 {
          try await store.upsertSubscriber("s", workerID: ULID())
          hasFailed.value = true
        }
      }
      let outcome = try await Subscription("s").chunkSize(100).clock(ManualClock()).on(Deposited.self) { event in
        amounts.value.append(event.data.amount)
        if event.data.amount > 100 {
          await until { hasFailed.value }
          await settle()
        }
      }
      .runOnce(on: hooked)
      #expect(outcome == .takenOver)
      #expect(amounts.value.count < 200)
      #expect(try await store.getSubscriberCursor("s") == nil)
    }
  }

  /// What was handled before it was noticed is acknowledged.
  @Test func aDisabledSubscriberStopsTheNextChunk() async throws {
    try await withStore { store in
      try await deposit(300, store)
      let (amounts, isDisabled) = (Box<[Int]>([]), Box(false))
      let outcome = try await Subscription("s").chunkSize(100).clock(ManualClock()).on(Deposited.self) { event in
        amounts.value.append(event.data.amount)
        if event.data.amount == 100 {
          try await store.setSubscriberEnabled("s", false)
          isDisabled.value = true
        }
        if event.data.amount > 100 {
          while try await store.getSubscriberCursor("s") == nil { await Task.yield() }
          await settle()
        }
      }
      .runOnce(on: store)
      #expect(outcome == .disabled && amounts.value.count < 200)
      let all = try await store.everything().map(\.cursor)
      #expect(try await store.getSubscriberCursor("s") == all[amounts.value.count - 1])
    }
  }
}
