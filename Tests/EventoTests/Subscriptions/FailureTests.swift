import Evento
import Testing

@Suite(.timeLimit(.minutes(1))) struct FailureTests {
  struct Refusal: Error, Equatable {}

  /// Handles deposits, and refuses an amount a number of times.
  private func refusing(_ amount: Int, times: Int, _ handled: Box<[Int]>) -> Subscription {
    let left = Box(times)
    return Subscription("s").on(Deposited.self) { event, _ in
      if event.data.amount == amount,
        left.withLock({ left in
          left -= 1; return left >= 0
        })
      {
        throw Refusal()
      }
      handled.value.append(event.data.amount)
    }
  }

  private func deposit(_ amounts: [Int], _ store: some Executor) async throws {
    for amount in amounts { try await Account.aggregate("a").event(Deposited(amount: amount)).commit(to: store) }
  }

  @Test func aFailureIsTriedAgainAfterLongerAndLongerWaits() async throws {
    try await withStore { store in
      let (clock, handled, failures) = (ManualClock(), Box<[Int]>([]), Box<[SubscriptionFailure]>([]))
      try await deposit([1, 2, 3], store)
      let running = try await refusing(2, times: 8, handled).clock(clock).onFailure { failures.value.append($0) }
        .start(on: store)
      var waits: [Duration] = []
      for _ in 0..<8 { waits.append(await clock.wakeSleeper()) }
      #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60].map(Duration.seconds))
      await clock.sleeper()
      #expect(handled.value == [1, 2, 3])
      #expect(failures.value.map(\.attempt) == Array(1...8))
      #expect(failures.value.map(\.retryDelay) == waits)
      #expect(failures.value.allSatisfy { $0.error is Refusal && $0.event?.version == 2 && $0.key == "s" })
      try await running.shutdown()
    }
  }

  @Test func whenNoRetryIsLeftItEndsAtTheEvent() async throws {
    try await withStore { store in
      let (clock, handled) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2, 3], store)
      let running = try await refusing(2, times: 100, handled)
        .retry(2, backoff: Backoff(initialDelay: .milliseconds(10), maximumDelay: .milliseconds(15))).clock(clock)
        .start(on: store)
      #expect(await clock.wakeSleeper() == .milliseconds(10))
      #expect(await clock.wakeSleeper() == .milliseconds(15))
      do {
        _ = try await running.waitUntilEnded()
        Issue.record("it went on")
      } catch let error as SubscriptionFailure {
        #expect(error.error is Refusal && error.attempt == 3 && error.retryDelay == nil && error.event?.version == 2)
        #expect(error.description.contains("Deposited") && error.description.contains("\"s\""))
      }
      #expect(handled.value == [1])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().first?.cursor))
    }
  }

  @Test func theNextEventHasAllItsAttempts() async throws {
    try await withStore { store in
      let (clock, attempts) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2], store)
      let running = try await Subscription("s").retry(2).clock(clock).on(Deposited.self) { _, context in
        attempts.value.append(context.attempt)
        if context.attempt < 3 { throw Refusal() }
      }
      .start(on: store)
      for _ in 0..<4 { await clock.wakeSleeper() }
      await clock.sleeper()
      #expect(attempts.value == [1, 2, 3, 1, 2, 3])
      #expect(try await running.shutdown() == .stopped)
    }
  }

  @Test func anAcceptedFailureIsReportedAndSkipped() async throws {
    try await withStore { store in
      let (handled, failures) = (Box<[Int]>([]), Box<[SubscriptionFailure]>([]))
      try await deposit([1, 2, 2, 3], store)
      let end = try await refusing(2, times: 100, handled).retry(0).acceptFailure()
        .onFailure { failures.value.append($0) }.runOnce(on: store)
      #expect(end == .caughtUp)
      #expect(handled.value == [1, 3])
      #expect(failures.value.map(\.event?.version) == [2, 3])
      #expect(failures.value.map(\.attempt) == [1, 1])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  @Test func anAcceptedFailureIsRetriedFirst() async throws {
    try await withStore { store in
      let (clock, handled) = (ManualClock(), Box<[Int]>([]))
      try await deposit([1, 2], store)
      let running = try await refusing(1, times: 100, handled).retry(2).acceptFailure().clock(clock).start(on: store)
      #expect(await clock.wakeSleeper() == .seconds(1))
      #expect(await clock.wakeSleeper() == .seconds(2))
      await clock.sleeper()
      #expect(handled.value == [2])
      try await running.shutdown()
    }
  }

  @Test func aPayloadThatIsNotWhatItSaysIsAFailureOfItsEvent() async throws {
    try await withStore { store in
      try await deposit([1], store)
      do {
        try await Subscription("s").on(MisreadDeposit.self) { _ in }.retry(0).runOnce(on: store)
        Issue.record("the payload was taken")
      } catch let error as SubscriptionFailure {
        #expect((error.error as? EventoError)?.code == .undecodablePayload)
        #expect(error.event?.name == "Deposited")
      }
      #expect(try await store.getSubscriberCursor("s") == nil)
    }
  }

  @Test func anEventWhoseAcknowledgementFailsIsHandledAgain() async throws {
    try await withStore { store in
      let (clock, handled, failed) = (ManualClock(), Box<[Int]>([]), Box(false))
      let failures = Box<[SubscriptionFailure]>([])
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in
        if handled.value.count == 2, failed.claim() { throw EventoError(.unavailable, "Disk full.") }
      }
      try await deposit([1, 2, 3], store)
      let running = try await refusing(0, times: 0, handled).acknowledge(every: 1).clock(clock)
        .onFailure { failures.value.append($0) }.start(on: hooked)
      #expect(await clock.wakeSleeper() == .seconds(1))
      await clock.sleeper()
      #expect(handled.value == [1, 2, 2, 3])
      #expect(failures.value.map(\.event?.version) == [nil])
      #expect((failures.value.first?.error as? EventoError)?.code == .unavailable)
      try await running.shutdown()
    }
  }

  @Test func aStoreThatStaysAwayEndsIt() async throws {
    try await withStore { store in
      let clock = ManualClock()
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in throw EventoError(.unavailable, "Away.") }
      let running = try await refusing(0, times: 0, Box([])).retry(1).clock(clock).start(on: hooked)
      #expect(await clock.wakeSleeper() == .seconds(1))
      do {
        _ = try await running.waitUntilEnded()
        Issue.record("it went on")
      } catch let error as SubscriptionFailure {
        #expect(error.event == nil && error.attempt == 2)
      }
    }
  }

  /// A failing store must not use up the attempts of an event, nor make it skip one.
  @Test func whoAcceptsFailureWaitsForTheStoreAndSkipsNothing() async throws {
    try await withStore { store in
      let (clock, handled, left) = (ManualClock(), Box<[Int]>([]), Box(5))
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in
        if left.withLock({ left in
          left -= 1; return left >= 0
        }) {
          throw EventoError(.unavailable, "Away.")
        }
      }
      try await deposit([1, 2], store)
      let running = try await refusing(1, times: 1, handled).retry(1).acceptFailure().clock(clock).start(on: hooked)
      var waits: [Duration] = []
      for _ in 0..<6 { waits.append(await clock.wakeSleeper()) }
      #expect(waits == [1, 2, 4, 8, 16, 1].map(Duration.seconds))
      await clock.sleeper()
      #expect(handled.value == [1, 2])
      try await running.shutdown()
    }
  }

  // MARK: What waiting does not mend

  @Test(
    arguments: [
      EventoError.Code.unauthorized, .forbidden, .invalidRequest, .cursorNotInHistory, .notImplemented,
      .subscriberNotFound,
    ], [false, true])
  func anErrorOfTheStoreThatStaysEndsItAtOnce(_ code: EventoError.Code, acceptsFailure: Bool) async throws {
    try await withStore { store in
      let failures = Box<[SubscriptionFailure]>([])
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in throw EventoError(code, "No.") }
      // No clock goes on: it must not wait.
      let patient = refusing(0, times: 0, Box([])).clock(ManualClock()).onFailure { failures.value.append($0) }
      let subscription = acceptsFailure ? patient.acceptFailure() : patient
      let run = Task { [hooked] in try await subscription.run(on: hooked) }
      let failure = await #expect(throws: SubscriptionFailure.self) { try await run.value }
      #expect((failure?.error as? EventoError)?.code == code && failure?.attempt == 1)
      #expect(failures.value.map(\.retryDelay) == [nil])
    }
  }

  @Test func theSameErrorOfAHandlerIsTriedAgain() async throws {
    try await withStore { store in
      let (clock, handled, failed) = (ManualClock(), Box(0), Box(false))
      try await deposit([1], store)
      let running = try await Subscription("s").clock(clock)
        .on(Deposited.self) { _ in
          if failed.claim() { throw EventoError(.forbidden, "Of another store.") }
          handled.value += 1
        }
        .start(on: store)
      #expect(await clock.wakeSleeper() == .seconds(1))
      await clock.sleeper()
      #expect(handled.value == 1)
      try await running.shutdown()
    }
  }

  /// An executor of someone else may throw what it likes.
  @Test func anErrorOfAnotherKindIsInternalAndTriedAgain() async throws {
    try await withStore { store in
      let (clock, failures, failed) = (ManualClock(), Box<[SubscriptionFailure]>([]), Box(false))
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { if failed.claim() { throw Refusal() } }
      try await deposit([1], store)
      let handled = Box<[Int]>([])
      let subscription = refusing(0, times: 0, handled).clock(clock).onFailure { failures.value.append($0) }
      let run = Task { [hooked] in try await subscription.runOnce(on: hooked) }
      #expect(await clock.wakeSleeper() == .seconds(1))
      #expect(try await run.value == .caughtUp)
      #expect(handled.value == [1])
      let error = failures.value.first?.error as? EventoError
      #expect(error?.code == .internal && error?.cause?.contains("Refusal") == true)
    }
  }

  // MARK: The start

  @Test func aStoreThatIsAwayAtTheStartIsAskedAgain() async throws {
    try await withStore { store in
      let (clock, handled, upserts) = (ManualClock(), Box<[Int]>([]), Box(0))
      var hooked = HookedExecutor(store)
      hooked.beforeUpsert = { () async throws in
        upserts.value += 1
        if upserts.value < 3 { throw EventoError(.unavailable, "Away.") }
      }
      try await deposit([1], store)
      let subscription = refusing(0, times: 0, handled).clock(clock)
      async let start = subscription.start(on: hooked)
      #expect(await clock.wakeSleeper() == .seconds(1))
      #expect(await clock.wakeSleeper() == .seconds(2))
      let running = try await start
      await clock.sleeper()
      #expect(handled.value == [1] && upserts.value == 3)
      try await running.shutdown()
    }
  }

  @Test func aStoreThatStaysAwayAtTheStartIsAFailure() async throws {
    try await withStore { store in
      let (clock, failures) = (ManualClock(), Box<[Duration?]>([]))
      var hooked = HookedExecutor(store)
      hooked.beforeUpsert = { () async throws in throw EventoError(.unavailable, "Away.") }
      let subscription = refusing(0, times: 0, Box([])).retry(1).clock(clock)
        .onFailure { failures.value.append($0.retryDelay) }
      let start = Task { [hooked] in try await subscription.start(on: hooked) }
      await clock.wakeSleeper()
      let failure = await #expect(throws: SubscriptionFailure.self) { try await start.value }
      #expect(failure?.attempt == 2 && failures.value == [.seconds(1), nil])
    }
  }

  /// Another worker may have taken it over since.
  @Test func aReplayThatIsTriedAgainDoesNotTakeTheSubscriberAgain() async throws {
    try await withStore { store async throws in
      let (clock, upserts, failed) = (ManualClock(), Box(0), Box(false))
      var hooked = HookedExecutor(store)
      hooked.beforeUpsert = { () async throws in upserts.value += 1 }
      hooked.beforeAcknowledge = { () async throws in
        if failed.claim() { throw EventoError(.unavailable, "Away.") }
      }
      let subscription = refusing(0, times: 0, Box([])).replay().clock(clock)
      async let end = subscription.runOnce(on: hooked)
      await clock.wakeSleeper()
      #expect(try await end == .caughtUp)
      #expect(upserts.value == 1)
    }
  }

  @Test func cancellingTheStartEndsIt() async throws {
    try await withStore { store async throws in
      let clock = ManualClock()
      var hooked = HookedExecutor(store)
      hooked.beforeUpsert = { () async throws in throw EventoError(.unavailable, "Away.") }
      let subscription = refusing(0, times: 0, Box([])).clock(clock)
      let run = Task { [hooked] in try await subscription.run(on: hooked) }
      await clock.sleeper()
      run.cancel()
      #expect(try await run.value == .stopped)
      let start = Task { [hooked] in try await subscription.start(on: hooked) }
      await clock.sleeper()
      start.cancel()
      let failure = await #expect(throws: SubscriptionFailure.self) { try await start.value }
      #expect(failure?.error is CancellationError)
    }
  }

  @Test func aSubscriberThatTheStoreDoesNotGiveIsAFailure() async throws {
    try await withStore { store in
      let failures = Box(0)
      do {
        _ = try await Subscription("").onFailure { _ in failures.value += 1 }.start(on: store)
        Issue.record("it started")
      } catch let error as SubscriptionFailure {
        #expect((error.error as? EventoError)?.code == .invalidRequest)
      }
      #expect(failures.value == 1)
    }
  }

  @Test func aDeletedSubscriberIsAFailure() async throws {
    try await withStore { store in
      let clock = ManualClock()
      let running = try await refusing(0, times: 0, Box([])).retry(0).clock(clock).start(on: store)
      await clock.sleeper()
      try await store.deleteSubscriber("s")
      await clock.wakeSleeper()
      do {
        _ = try await running.waitUntilEnded()
        Issue.record("it went on")
      } catch let error as SubscriptionFailure {
        #expect((error.error as? EventoError)?.code == .subscriberNotFound)
      }
    }
  }
}
