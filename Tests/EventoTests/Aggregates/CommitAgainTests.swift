import Evento
import EventoTesting
import Testing

/// A commit whose end nobody knows, sent again.
@Suite struct CommitAgainTests {
  /// A store of which the response to the first write is lost.
  private func losing(_ store: some Executor) -> HookedExecutor {
    let isLost = Box(false)
    var hooked = HookedExecutor(store)
    hooked.afterWrite = { () async throws in
      guard isLost.claim() else { return }
      throw EventoError(.unavailable, "The deadline passed.")
    }
    return hooked
  }

  /// Commits twice, the first time in vain.
  private func commitAgain<Kind>(
    _ builder: AggregateBuilder<Kind>, _ store: some Executor
  ) async throws -> CommitResult {
    let losing = losing(store)
    await expect(.unavailable) { try await builder.commit(to: losing) }
    return try await builder.commit(to: losing)
  }

  @Test func aRepeatedWriteReturnsTheFirstResult() async throws {
    try await withStore { store in
      let opening = Account.create().event(Opened(owner: "Ada")).event(Deposited(amount: 5)).requestedBy("teller")
      let first = try await opening.commit(to: store)
      try await Account.aggregate(first.id).event(Closed()).commit(to: store)
      #expect(try await opening.commit(to: store) == first)
      #expect(try await store.version(of: Account.self, first.id) == 3)
    }
  }

  @Test func aLostResponseIsReturnedAgain() async throws {
    try await withStore { store in
      let commit = try await commitAgain(Account.create().event(Opened(owner: "Ada")).event(Closed()), store)
      let stored = try await store.everything()
      #expect(commit.version == 2)
      #expect(commit.cursor == stored.last?.cursor)
      #expect(commit.events.map(\.id) == stored.map(\.node.id))
      #expect(stored.count == 2)
    }
  }

  /// The time is the store's, and another one by then.
  @Test func theTimeOfTheFirstWriteStays() async throws {
    let clock = EventoTesting.ManualClock(Timestamp(seconds: 100))
    let store = InMemoryExecutor(now: { clock.now })
    let builder = Account.aggregate("a").event(Opened(owner: "Ada"))
    let losing = losing(store)
    await expect(.unavailable) { try await builder.commit(to: losing) }
    clock.set(Timestamp(seconds: 200))
    #expect(try await builder.commit(to: losing).events.map(\.timestamp) == [Timestamp(seconds: 100)])
  }

  @Test func aDecisionOnAVersionIsWrittenOnce() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store)
      let decision = Account.aggregate("a").originalVersion(1).event(Deposited(amount: 5))
      #expect(try await commitAgain(decision, store).version == 2)
      #expect(try await store.everything().count == 2)
    }
  }

  /// It was not written, and somebody else was faster meanwhile: to send it again does not write it on top.
  @Test func aDecisionThatWasNotWrittenIsAConflictAfterwards() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store)
      let isRefused = Box(false)
      var hooked = HookedExecutor(store)
      hooked.beforeWrite = { () async throws in
        guard isRefused.claim() else { return }
        throw EventoError(.unavailable, "Busy.")
      }
      let decision = Account.aggregate("a").originalVersion(1).event(Withdrawn(amount: 5))
      await expect(.unavailable) { [hooked] in try await decision.commit(to: hooked) }
      try await Account.aggregate("a").event(Closed()).commit(to: store)
      await expect(.invalidOriginalVersion) { [hooked] in try await decision.commit(to: hooked) }
      #expect(try await store.everything().map(\.node.name) == ["Opened", "Closed"])
    }
  }

  /// The first time the aggregate is not there, and its versions are claimed; the second time it is.
  @Test func aNewAggregateUnderARoutingKeyIsBegunOnce() async throws {
    try await withStore { store in
      let beginning = Account.aggregate("a").routingKey("eu").event(Opened(owner: "Ada")).event(Closed())
      #expect(try await commitAgain(beginning, store).version == 2)
      let again = try await beginning.commit(to: store)
      #expect(again.events.map(\.version) == [1, 2])
      #expect(try await store.everything().map(\.node.routingKey) == ["eu", "eu"])
    }
  }

  @Test func severalAggregatesAreWrittenOnce() async throws {
    try await withStore { store in
      try await Account.aggregate("from").event(Opened(owner: "Ada")).commit(to: store)
      let transfer = Account.aggregate("from").originalVersion(1).event(Withdrawn(amount: 3))
        .and(Account.aggregate("to").routingKey("eu").event(Opened(owner: "Bob")).event(Deposited(amount: 3)))
        .and(Owner.aggregate("o").event(Renamed(name: "B")))
        .requestedBy("teller")
      let commit = try await commitAgain(transfer, store)
      #expect(commit.id == "from" && commit.version == 2)
      #expect(commit.events.map(\.aggregatorID) == ["from", "to", "to", "o"])
      #expect(try await store.everything().dropFirst().map(\.node.id) == commit.events.map(\.id))
    }
  }

  @Test func anEventThatIsWrittenIsNotWrittenBesideNewOnes() async throws {
    try await withStore { store in
      let opening = Account.aggregate("a").event(Opened(owner: "Ada"))
      try await opening.event(Deposited(amount: 1)).commit(to: store)
      await expect(.duplicateEventID) { try await opening.event(Deposited(amount: 2)).commit(to: store) }
      await expect(.duplicateEventID) {
        let deposit = Account.aggregate("b").event(Deposited(amount: 2))
        try await deposit.and(deposit).commit(to: store)
      }
      #expect(try await store.everything().count == 2)
    }
  }
}
