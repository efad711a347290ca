import Evento
import Testing

@Suite(.timeLimit(.minutes(1))) struct HandlingTests {
  /// Remembers the amounts of deposits.
  private func collecting(_ amounts: Box<[Int]>, _ key: String = "s") -> Subscription {
    Subscription(key).on(Deposited.self) { amounts.value.append($0.data.amount) }
  }

  private func deposit(_ amounts: [Int], to id: String = "a", routingKey: String? = nil, _ store: some Executor)
    async throws
  {
    for amount in amounts {
      try await Account.aggregate(id).routingKey(routingKey).event(Deposited(amount: amount)).commit(to: store)
    }
  }

  @Test func eachEventIsHandledOnceAndInOrder() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await deposit([1, 2, 3], store)
      #expect(try await collecting(amounts).runOnce(on: store) == .caughtUp)
      #expect(amounts.value == [1, 2, 3])
      try await deposit([4], store)
      try await collecting(amounts).runOnce(on: store)
      try await collecting(amounts).runOnce(on: store)
      #expect(amounts.value == [1, 2, 3, 4])
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  @Test(arguments: [1, 7, 300, 1000, 65535])
  func manyEventsComeChunkByChunk(size: Int) async throws {
    try await withStore { store in
      for start in stride(from: 0, to: 1200, by: 400) {
        let batch = (start..<start + 400).reduce(Account.aggregate("a")) { $0.event(Deposited(amount: $1)) }
        try await batch.commit(to: store)
      }
      let amounts = Box<[Int]>([])
      try await collecting(amounts).chunkSize(size).runOnce(on: store)
      #expect(amounts.value == Array(0..<1200))
    }
  }

  @Test func onlyWhatIsHandledIsRead() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await store.write([
        NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "FromTheFuture", data: Payload([0]))
      ])
      try await Account.aggregate("a").event(Withdrawn(amount: 9)).event(Deposited(amount: 1)).commit(to: store)
      try await Owner.aggregate("a").event(Renamed(name: "x")).commit(to: store)
      #expect(try await collecting(amounts).runOnce(on: store) == .caughtUp)
      #expect(amounts.value == [1])
    }
  }

  @Test func aCatchAllTakesWhatNoOtherHandlerDoes() async throws {
    try await withStore { store in
      let names = Box<[String]>([])
      try await Account.aggregate("a").event(Opened(owner: "Ada")).event(Deposited(amount: 1)).event(Closed())
        .commit(to: store)
      try await store.write([
        NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "FromTheFuture", data: Payload([0]))
      ])
      try await Owner.aggregate("a").event(Renamed(name: "x")).commit(to: store)
      try await Subscription("s").onAll(Account.self) { event, _ in names.value.append(event.name) }
        .on(Deposited.self) { names.value.append("\($0.data.amount)") }
        .skip(Closed.self)
        .runOnce(on: store)
      #expect(names.value == ["Opened", "1", "FromTheFuture"])
    }
  }

  @Test func skippedEventsAreAcknowledged() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Closed()).commit(to: store)
      try await Subscription("s").skip(Closed.self).runOnce(on: store)
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  @Test func oneAggregateOrSeveralCanBeChosen() async throws {
    try await withStore { store in
      for (id, amount) in [("a", 1), ("b", 2), ("c", 3)] { try await deposit([amount], to: id, store) }
      try await Owner.aggregate("o").event(Renamed(name: "x")).commit(to: store)
      let amounts = Box<[Int]>([])
      let subscription = collecting(amounts).on(Renamed.self) { _ in amounts.value.append(0) }
        .aggregate(Account.self, "a").aggregate(Account.self, "c")
      try await subscription.runOnce(on: store)
      #expect(amounts.value == [1, 3, 0])
    }
  }

  /// 150 aggregates and 2 names make more filters than one read takes.
  @Test func moreFiltersThanAReadTakesAreReadByAggregate() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      var subscription = collecting(amounts).on(Withdrawn.self) { amounts.value.append(-$0.data.amount) }
      for number in 0..<150 { subscription = subscription.aggregate(Account.self, "\(number)") }
      for id in ["0", "149", "150"] {
        try await Account.aggregate(id).event(Opened(owner: "x")).event(Deposited(amount: 1))
          .event(Withdrawn(amount: 2)).commit(to: store)
      }
      try await subscription.runOnce(on: store)
      #expect(amounts.value == [1, -2, 1, -2])
    }
  }

  @Test func eventsOfOneRoutingKeyOrOfNoneOrOfAll() async throws {
    try await withStore { store in
      try await deposit([1], to: "a", store)
      try await deposit([2], to: "b", routingKey: "eu", store)
      try await deposit([3], to: "c", routingKey: "us", store)
      let (none, eu, all) = (Box<[Int]>([]), Box<[Int]>([]), Box<[Int]>([]))
      try await collecting(none, "none").runOnce(on: store)
      try await collecting(eu, "some").routingKey("eu").runOnce(on: store)
      try await collecting(all, "all").allRoutingKeys().runOnce(on: store)
      #expect(none.value == [1] && eu.value == [2] && all.value == [1, 2, 3])
      #expect(try await store.subscribers().map(\.key) == ["all", "eu.some", "none"])
      #expect(Subscription("k").routingKey("eu").key == "eu.k")
      #expect(Subscription("k").routingKey("eu").allRoutingKeys().key == "k")
    }
  }

  @Test func aSafetyCheckStopsAtAnUnhandledEvent() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await Account.aggregate("a").event(Deposited(amount: 1)).event(Closed()).event(Deposited(amount: 2))
        .commit(to: store)
      let strict = collecting(amounts).safetyCheck().retry(0)
      do {
        try await strict.runOnce(on: store)
        Issue.record("nobody noticed")
      } catch let error as SubscriptionFailure {
        #expect((error.error as? EventoError)?.code == .unhandledEvent)
        #expect(error.event?.name == "Closed")
      }
      #expect(amounts.value == [1])
      try await strict.skip(Closed.self).runOnce(on: store)
      #expect(amounts.value == [1, 2])
    }
  }

  @Test func handlersKnowTheStoreTheKeyTheWorkerAndSharedData() async throws {
    struct Rate: Sendable { var factor: Int }
    try await withStore { store in
      let seen = Box<[String]>([])
      try await deposit([2], store)
      let subscription = Subscription("s").allRoutingKeys().on(Deposited.self) { event, context in
        let balance = try await balances.load(event.aggregatorID, from: context.store)
        let factor = try context.data(Rate.self).factor
        let isHeld = try await context.store.isSubscriberRunning(context.key, workerID: context.workerID)
        seen.value.append("\(balance?.amount ?? -1) \(factor) \(isHeld) \(context.attempt) \(context.key)")
      }
      try await subscription.data(Rate(factor: 3)).runOnce(on: store)
      #expect(seen.value == ["2 3 true 1 s"])
      try await store.acknowledge("s", cursor: nil)
      do {
        try await subscription.retry(0).runOnce(on: store)
        Issue.record("the data came from nowhere")
      } catch let error as SubscriptionFailure {
        #expect((error.error as? EventoError)?.code == .missingSharedData)
      }
    }
  }

  @Test(arguments: [(1, 7), (3, 3), (100, 2)])
  func acknowledgementsCanBeGathered(interval: Int, expected: Int) async throws {
    try await withStore { store in
      try await deposit(Array(1...7), store)
      let count = Box(0)
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in count.value += 1 }
      try await collecting(Box([])).chunkSize(4).acknowledge(every: interval).runOnce(on: hooked)
      // Of chunks of 4 and 3: 3 + 1 and 3, or 4 and 3.
      #expect(count.value == expected)
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  /// A page of 4 events, and of 3.
  @Test func byDefaultAPageIsAcknowledgedOnce() async throws {
    try await withStore { store in
      try await deposit(Array(1...7), store)
      let count = Box(0)
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in count.value += 1 }
      try await collecting(Box([])).clock(ManualClock()).chunkSize(4).runOnce(on: hooked)
      #expect(count.value == 2)
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  @Test func byDefaultAHundredMillisecondsAreAcknowledgedTogether() async throws {
    try await withStore { store in
      let (clock, versions) = (ManualClock(), Box<[Int]>([]))
      try await deposit([60, 39, 1, 99, 0, 250, 20], store)
      let handled = Box(0)
      var hooked = HookedExecutor(store)
      hooked.beforeAcknowledge = { () async throws in versions.value.append(handled.value) }
      try await Subscription("s").clock(clock).on(Deposited.self) { event in
        clock.advance(by: .milliseconds(event.data.amount))
        handled.value += 1
      }
      .runOnce(on: hooked)
      #expect(versions.value == [3, 6, 7])
    }
  }

  @Test func theLagIsTheDistanceToTheNewestEvent() async throws {
    try await withStore { store in
      let lags = Box<[Int]>([])
      for (index, seconds) in [100, 160, 90, 200].enumerated() {
        try await store.write([
          NewEvent(
            aggregatorType: "bank/Account", aggregatorID: "\(index)", name: "Deposited",
            data: Payload(#"{"amount":1}"#), timestamp: Timestamp(seconds: Int64(seconds)))
        ])
      }
      try await Subscription("s").chunkSize(2).acknowledge(every: 1).on(Deposited.self) { _, context in
        lags.value.append(try #require(try await context.store.subscriber("s")).lag)
      }
      .runOnce(on: store)
      // What was acknowledged before each event: nothing, then 200 - 100, 200 - 160, 200 - 90.
      #expect(lags.value == [0, 100, 40, 110])
      #expect(try await store.subscriber("s")?.lag == 0)
    }
  }

  @Test func whatReplaysStartsFromTheBeginningEachTime() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await deposit([1, 2], store)
      for _ in 0..<2 { try await collecting(amounts).replay().runOnce(on: store) }
      try await collecting(amounts).runOnce(on: store)
      #expect(amounts.value == [1, 2, 1, 2])
    }
  }

  @Test func aReplayIsRead() async throws {
    try await withStore { store in
      let amounts = Box<[Int]>([])
      try await deposit([1, 2], store)
      try await collecting(amounts).runOnce(on: store)
      try await store.acknowledge("s", cursor: nil)
      try await collecting(amounts).runOnce(on: store)
      #expect(amounts.value == [1, 2, 1, 2])
    }
  }
}
