import Evento
import Testing

@Suite(.timeLimit(.minutes(1))) struct LifecycleTests {
  struct Refusal: Error {}

  private func deposit(_ amounts: [Int], _ store: some Executor) async throws {
    for amount in amounts { try await Account.aggregate("a").event(Deposited(amount: amount)).commit(to: store) }
  }

  private func collecting(_ amounts: Box<[Int]>, _ clock: ManualClock) -> Subscription {
    Subscription("s").clock(clock).on(Deposited.self) { amounts.value.append($0.data.amount) }
  }

  /// The store tells nothing of its commits: it is asked again after a fixed time.
  @Test func whatCommitsLaterIsHandledToo() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      let bare = HookedExecutor(store)
      let running = try await collecting(amounts, clock).start(on: bare)
      #expect(await clock.sleeper() == .milliseconds(300))
      #expect(amounts.value == [])
      for amount in 1...3 {
        try await deposit([amount], store)
        await clock.wakeSleeper()
        await clock.sleeper()
        #expect(amounts.value == Array(1...amount))
      }
      #expect(try await store.isSubscriberRunning("s", workerID: running.workerID))
      #expect(try await running.shutdown() == .stopped)
    }
  }

  /// No clock goes on: without the signal nothing would ever be handled.
  @Test func aCommitWakesTheWorker() async throws {
    try await withStore { store in
      let (handled, amounts) = (AsyncStream.makeStream(of: Int.self), Box<[Int]>([]))
      let running = try await Subscription("s").clock(ManualClock())
        .on(Deposited.self) {
          amounts.value.append($0.data.amount)
          handled.continuation.yield($0.data.amount)
        }
        .start(on: store)
      var iterator = handled.stream.makeAsyncIterator()
      // Written while the worker reads, handles, acknowledges and begins to wait, as it happens.
      for round in 0..<100 {
        try await deposit([round * 2, round * 2 + 1], store)
        while let amount = await iterator.next(), amount != round * 2 + 1 {}
      }
      #expect(amounts.value == Array(0..<200))
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aDelayComesBeforeTheFirstRead() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1], store)
      let running = try await collecting(amounts, clock).delay(.seconds(7)).start(on: store)
      #expect(await clock.sleeper() == .seconds(7))
      #expect(amounts.value == [])
      #expect(try await store.isSubscriberRunning("s", workerID: running.workerID))
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(amounts.value == [1])
      try await running.shutdown()
    }
  }

  // MARK: Shutdown

  @Test func shutdownCutsEveryWaitShort() async throws {
    try await withStore { store async throws in
      let clock = ManualClock()
      let idle = try await collecting(Box([]), clock).start(on: store)
      await clock.sleeper()
      #expect(try await idle.shutdown() == .stopped)
      #expect(try await idle.shutdown() == .stopped)

      let delayed = try await collecting(Box([]), clock).delay(.seconds(7)).start(on: store)
      await clock.sleeper()
      #expect(try await delayed.shutdown() == .stopped)
    }
  }

  @Test func shutdownDuringBackOffEndsInPeace() async throws {
    try await withStore { store in
      let (clock, failures) = (ManualClock(), Box(0))
      try await deposit([1], store)
      let running = try await Subscription("s").clock(clock).onFailure { _ in failures.value += 1 }
        .on(Deposited.self) { _ in throw Refusal() }
        .start(on: store)
      #expect(await clock.sleeper() == .seconds(1))
      #expect(try await running.shutdown() == .stopped)
      #expect(failures.value == 1)
      #expect(try await store.getSubscriberCursor("s") == nil)
    }
  }

  /// The event in hand is finished and acknowledged, those behind it are left.
  @Test func shutdownWaitsForTheEventInHand() async throws {
    try await withStore { store in
      let (entered, leave) = (Gate(), Gate())
      let amounts = Box<[Int]>([])
      try await deposit([1, 2, 3], store)
      let running = try await Subscription("s").acknowledge(every: 100).on(Deposited.self) { event in
        if event.data.amount == 2 {
          entered.open()
          await leave.pass()
        }
        amounts.value.append(event.data.amount)
      }
      .start(on: store)
      await entered.pass()
      async let end = running.shutdown()
      // The shutdown has been asked for before the handler goes on, or it is asked for while it does.
      leave.open()
      #expect(try await end == .stopped)
      #expect(amounts.value.starts(with: [1, 2]))
      let handled = try await store.everything()[amounts.value.count - 1].cursor
      #expect(try await store.getSubscriberCursor("s") == handled)
    }
  }

  @Test func aHandlerCanStopItsSubscription() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await deposit([1, 2, 3], store)
      let subscription = Subscription("s").on(Deposited.self) { event, context in
        amounts.value.append(event.data.amount)
        if event.data.amount == 2 { context.stop() }
      }
      #expect(try await subscription.runOnce(on: store) == .stopped)
      #expect(amounts.value == [1, 2])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything()[1].cursor))
      #expect(try await subscription.runOnce(on: store) == .caughtUp)
      #expect(amounts.value == [1, 2, 3])
    }
  }

  @Test func aHandlerThatShutsItselfDownDoesNotWaitForItself() async throws {
    try await withStore { store in
      let (handle, ends) = (Box<RunningSubscription?>(nil), Box<[SubscriptionOutcome]>([]))
      let ready = Gate()
      try await deposit([1, 2], store)
      let running = try await Subscription("s").on(Deposited.self) { _ in
        await ready.pass()
        ends.value.append(try await handle.value?.shutdown() ?? .caughtUp)
      }
      .start(on: store)
      handle.value = running
      ready.open()
      #expect(try await running.waitUntilEnded() == .stopped)
      #expect(ends.value == [.stopped])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything()[0].cursor))
    }
  }

  // MARK: Cancellation

  @Test func cancellingTheTaskEndsAWait() async throws {
    try await withStore { store async throws in
      let clock = ManualClock()
      let subscription = collecting(Box([]), clock)
      let task = Task { try await subscription.run(on: store) }
      await clock.sleeper()
      task.cancel()
      #expect(try await task.value == .stopped)
    }
  }

  @Test func anEventThatIsDealtWithInACancelledTaskIsAcknowledged() async throws {
    try await withStore { store in
      try await deposit([1, 2], store)
      let amounts = Box<[Int]>([])
      let subscription = Subscription("s").on(Deposited.self) { event in
        withUnsafeCurrentTask { $0?.cancel() }
        amounts.value.append(event.data.amount)
      }
      // A store that gives up where its caller is cancelled, as one across a network does.
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in
        if Task.isCancelled { throw EventoError(.unavailable, "Cancelled.") }
      }
      let task = Task { [hooked] in try await subscription.run(on: hooked) }
      #expect(try await task.value == .stopped)
      #expect(amounts.value == [1])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything()[0].cursor))
    }
  }

  /// Shutdown would wait for it for ever.
  @Test func aHandlerThatHangsIsCancelled() async throws {
    try await withStore { store in
      try await deposit([1, 2], store)
      let (clock, entered, failures) = (ManualClock(), Gate(), Box(0))
      let running = try await Subscription("s").onFailure { _ in failures.value += 1 }
        .on(Deposited.self) { _ in
          entered.open()
          try await clock.sleep(for: .seconds(1))
        }
        .start(on: store)
      await entered.pass()
      running.cancel()
      #expect(try await running.waitUntilEnded() == .stopped)
      #expect(try await running.shutdown() == .stopped)
      #expect(failures.value == 0)
      #expect(try await store.getSubscriberCursor("s") == nil)
    }
  }

  @Test func cancellingARunningSubscriptionEndsAWait() async throws {
    try await withStore { store in
      let clock = ManualClock()
      let running = try await collecting(Box([]), clock).start(on: store)
      await clock.sleeper()
      running.cancel()
      #expect(try await running.waitUntilEnded() == .stopped)
    }
  }

  @Test(arguments: [0, 30])
  func anEventThatCancellationInterruptsIsNoFailure(retries: Int) async throws {
    try await withStore { store in
      try await deposit([1, 2], store)
      let failures = Box(0)
      let subscription = Subscription("s").retry(retries).acceptFailure().onFailure { _ in failures.value += 1 }
        .on(Deposited.self) { _ in
          withUnsafeCurrentTask { $0?.cancel() }
          try Task.checkCancellation()
        }
      let task = Task { try await subscription.run(on: store) }
      #expect(try await task.value == .stopped)
      #expect(failures.value == 0)
      #expect(try await store.getSubscriberCursor("s") == nil)
    }
  }

  @Test func aCancellationThatTheHandlerMakesUpIsAFailure() async throws {
    try await withStore { store in
      try await deposit([1], store)
      let failure = await #expect(throws: SubscriptionFailure.self) {
        try await Subscription("s").retry(0).on(Deposited.self) { _ in throw CancellationError() }.runOnce(on: store)
      }
      #expect(failure?.error is CancellationError)
    }
  }

  // MARK: Take-over

  @Test func aTakeOverMidChunkIsNoticedAtTheNextAcknowledgement() async throws {
    try await withStore { store in
      let (first, second) = (Box<[Int]>([]), Box<[Int]>([]))
      let other = ULID()
      try await deposit([1, 2, 3, 4], store)
      let subscription = Subscription("s").acknowledge(every: 1).on(Deposited.self) { event in
        first.value.append(event.data.amount)
        if event.data.amount == 2 { try await store.upsertSubscriber("s", workerID: other) }
      }
      #expect(try await subscription.run(on: store) == .takenOver)
      #expect(first.value == [1, 2])
      #expect(try await store.subscriber("s")?.workerID == other)
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything()[0].cursor))

      try await Subscription("s").on(Deposited.self) { second.value.append($0.data.amount) }.runOnce(on: store)
      #expect(second.value == [2, 3, 4])
    }
  }

  @Test func aTakeOverWhileIdleEndsTheOldWorker() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      let old = try await collecting(amounts, clock).start(on: store)
      await clock.sleeper()
      let new = ManualClock()
      let newer = try await collecting(amounts, new).start(on: store)
      await new.sleeper()
      await clock.wakeSleeper()
      #expect(try await old.waitUntilEnded() == .takenOver)
      #expect(try await old.shutdown() == .takenOver)
      try await deposit([1], store)
      await new.wakeSleeper()
      await new.sleeper()
      #expect(amounts.value == [1])
      try await newer.shutdown()
    }
  }

  @Test func aHandlersOwnTakeOverErrorIsAFailureLikeAnyOther() async throws {
    try await withStore { store in
      try await deposit([1], store)
      let failure = await #expect(throws: SubscriptionFailure.self) {
        try await Subscription("s").retry(0).on(Deposited.self) { _ in
          throw EventoError(.subscriberTakenOver, "Some other subscriber.")
        }
        .runOnce(on: store)
      }
      #expect(failure?.event != nil)
    }
  }

  // MARK: Disabled

  @Test func aDisabledSubscriberPausesUntilItIsEnabled() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      let running = try await collecting(amounts, clock).start(on: store)
      await clock.sleeper()
      try await store.setSubscriberEnabled("s", false)
      // An idle worker finds out when it checks.
      await clock.wakeSleeper()
      await clock.sleeper()
      try await deposit([1], store)
      for _ in 0..<3 { await clock.wakeSleeper() }
      await clock.sleeper()
      #expect(amounts.value == [])
      try await store.setSubscriberEnabled("s", true)
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(amounts.value == [1])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aWorkerThatIsBusyFindsOutWithItsAcknowledgement() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2, 3], store)
      let running = try await Subscription("s").clock(clock).acknowledge(every: 1)
        .on(Deposited.self) { event in
          amounts.value.append(event.data.amount)
          if event.data.amount == 2 { try await store.setSubscriberEnabled("s", false) }
        }
        .start(on: store)
      #expect(await clock.wakeSleeper() == .milliseconds(300))
      await clock.sleeper()
      #expect(amounts.value == [1, 2])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything()[1].cursor))
      try await store.setSubscriberEnabled("s", true)
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(amounts.value == [1, 2, 3])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  /// The failure is reported, and the event comes again when the subscriber is enabled.
  @Test func anEventThatFailsWhileTheSubscriberIsDisabledIsReported() async throws {
    try await withStore { store in
      let (clock, amounts, failures) = (ManualClock(), Box<[Int]>([]), Box(0))
      try await deposit([1, 2], store)
      let running = try await Subscription("s").clock(clock).onFailure { _ in failures.value += 1 }
        .on(Deposited.self) { event, context in
          if event.data.amount == 2, context.attempt == 1 {
            try await store.setSubscriberEnabled("s", false)
            throw Refusal()
          }
          amounts.value.append(event.data.amount)
        }
        .start(on: store)
      #expect(await clock.wakeSleeper() == .seconds(1))
      #expect(await clock.sleeper() == .milliseconds(300))
      #expect(amounts.value == [1] && failures.value == 1)
      try await store.setSubscriberEnabled("s", true)
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(amounts.value == [1, 2])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  // MARK: Another cursor

  @Test func aCursorThatIsSetBackIsNoticedByAnIdleWorker() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2], store)
      let running = try await collecting(amounts, clock).start(on: store)
      await clock.sleeper()
      #expect(amounts.value == [1, 2])
      for cursor in [nil, try await store.everything()[0].cursor] {
        try await store.acknowledge("s", cursor: cursor)
        await clock.wakeSleeper()
        await clock.sleeper()
      }
      #expect(amounts.value == [1, 2, 1, 2, 2])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func aCursorThatIsSetBackWhileDisabledCountsWhenEnabled() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2], store)
      let running = try await collecting(amounts, clock).start(on: store)
      await clock.sleeper()
      try await store.setSubscriberEnabled("s", false)
      await clock.wakeSleeper()
      await clock.sleeper()
      try await store.acknowledge("s", cursor: nil)
      try await store.setSubscriberEnabled("s", true)
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(amounts.value == [1, 2, 1, 2])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  /// Such a store can't tell a take-over from being disabled: the worker goes idle, until it is shut down.
  @Test func withoutADirectoryAWorkerThatWasTakenOverIdles() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      let running = try await collecting(amounts, clock).start(on: HookedExecutor(store))
      await clock.sleeper()
      try await store.upsertSubscriber("s", workerID: ULID())
      try await deposit([1], store)
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(try await running.shutdown() == .stopped)
      #expect(amounts.value == [])
    }
  }

  @Test func runningOnceADisabledSubscriberHandlesNothing() async throws {
    try await withStore { store in
      let (clock, amounts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1], store)
      try await store.upsertSubscriber("s", workerID: ULID())
      try await store.setSubscriberEnabled("s", false)
      #expect(try await collecting(amounts, clock).runOnce(on: store) == .disabled)
      // Stores that can only say whether the worker runs: one that offers no more, and one that has none behind it.
      let bare = HookedExecutor(store)
      #expect(try await collecting(amounts, clock).runOnce(on: bare) == .disabled)
      let paired = ReadWriteExecutor(read: bare, write: bare)
      #expect(try await collecting(amounts, clock).runOnce(on: paired) == .disabled)
      #expect(amounts.value == [])
    }
  }
}
