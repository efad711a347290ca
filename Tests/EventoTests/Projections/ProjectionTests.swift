import Evento
import Testing

@Suite struct ProjectionTests {
  @Test func eventsFoldInOrder() async throws {
    try await withStore { store in
      let id = try await Account.create().event(Opened(owner: "Ada")).event(Deposited(amount: 10))
        .event(Withdrawn(amount: 3)).commit(to: store).id
      let loaded = try #require(try await balances.load(id, from: store))
      #expect(loaded.state == Balance(amount: 7, owner: "Ada"))
      #expect(loaded.version == 3 && loaded.id == id)
      #expect(loaded.amount == 7)
    }
  }

  @Test func whereThereIsNoEventThereIsNoState() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store)
      #expect(try await balances.load("b", from: store) == nil)
      #expect(try await balances.snapshots(as: "balance").load("b", from: store) == nil)
      #expect(try await balances.snapshots(as: "balance").load("b", from: store) == nil)
    }
  }

  @Test func severalPagesAreReadToTheEnd() async throws {
    try await withStore { store in
      for _ in 0..<3 {
        let batch = (0..<900).reduce(Account.aggregate("a")) { builder, _ in builder.event(Deposited(amount: 1)) }
        try await batch.commit(to: store)
      }
      let loaded = try #require(try await balances.load("a", from: store))
      #expect(loaded.amount == 2700 && loaded.version == 2700)
    }
  }

  @Test func theVersionCountsUnhandledEvents() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).event(Closed()).commit(to: store)
      let loaded = try #require(try await balances.load("a", from: store))
      #expect(loaded.version == 2)
      #expect(try await loaded.aggregate().event(Deposited(amount: 1)).commit(to: store).version == 3)
      await expect(.invalidOriginalVersion) {
        try await loaded.aggregate().event(Deposited(amount: 1)).commit(to: store)
      }
    }
  }

  @Test func aSafetyCheckWantsEveryEventHandledOrSkipped() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).event(Closed()).commit(to: store)
      await expect(.unhandledEvent) { _ = try await balances.safetyCheck().load("a", from: store) }
      let loaded = try await balances.safetyCheck().skip(Closed.self).load("a", from: store)
      #expect(loaded?.amount == 1)
    }
  }

  @Test func anEventOfUnknownNameIsPassedOverOrRefused() async throws {
    try await withStore { store in
      try await store.write([
        NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "FromTheFuture", data: Payload([0, 1])),
        NewEvent(aggregatorType: "bank/Account", aggregatorID: "a", name: "Deposited", data: Payload(#"{"amount":2}"#)),
      ])
      #expect(try await balances.load("a", from: store)?.amount == 2)
      await expect(.unhandledEvent) { _ = try await balances.safetyCheck().load("a", from: store) }
    }
  }

  @Test func aPayloadThatIsNotWhatItSaysIsAnError() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      let projection = Projection<Account, Balance>(initial: Balance()).on(MisreadDeposit.self) { _, _ in }
      do {
        _ = try await projection.load("a", from: store)
        Issue.record("the payload was taken")
      } catch let error as EventoError {
        #expect(error.code == .undecodablePayload)
        #expect(error.detail.contains("Deposited") && error.detail.contains("currency"))
      }
    }
  }

  @Test func whatAHandlerThrowsComesOut() async throws {
    struct Refusal: Error, Equatable {}
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      let projection = Projection<Account, Balance>(initial: Balance()).on(Deposited.self) { _, _ in throw Refusal() }
      await #expect(throws: Refusal()) { _ = try await projection.snapshots(as: "balance").load("a", from: store) }
    }
  }

  @Test func sharedDataReachesHandlers() async throws {
    struct Rates: Sendable { var factor: Int }
    let projection = Projection<Account, Balance>(initial: Balance()).on(Deposited.self) { state, event, context in
      state.amount += event.data.amount * (try context.data(Rates.self).factor)
      state.owner = context.id
    }
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 2)).commit(to: store)
      let loaded = try await projection.data(Rates(factor: 1)).data(Rates(factor: 10)).data("other")
        .load("a", from: store)
      #expect(loaded?.state == Balance(amount: 20, owner: "a"))
      await expect(.missingSharedData) { _ = try await projection.load("a", from: store) }
    }
  }

  @Test func handlersSeeTheWholeEvent() async throws {
    try await withStore { store in
      let seen = Box<[Event]>([])
      try await Account.aggregate("a").event(Deposited(amount: 2)).requestedBy("me").commit(to: store)
      let projection = Projection<Account, Balance>(initial: Balance()).on(Deposited.self) { _, event in
        #expect(event.version == 1 && event.aggregatorID == "a" && event.metadata.requestedBy == "me")
        seen.value.append(event.event)
      }
      _ = try await projection.load("a", from: store)
      #expect(seen.value == (try await store.everything().map(\.node)))
    }
  }

  @Test func aCancelledLoadEnds() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await balances.load("a", from: store)
      }
      await #expect(throws: CancellationError.self) { _ = try await task.value }
    }
  }
}
