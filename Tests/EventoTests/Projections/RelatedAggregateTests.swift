import Evento
import Testing

@Suite struct RelatedAggregateTests {
  private let named = balances.on(Renamed.self) { $0.owner = $1.data.name }

  @Test func eventsOfAnotherAggregateFoldInWhereTheyHappened() async throws {
    try await withStore { store in
      try await Owner.aggregate("o").event(Renamed(name: "Ada")).commit(to: store)
      try await Account.aggregate("a").event(Opened(owner: "?")).event(Deposited(amount: 1)).commit(to: store)
      try await Owner.aggregate("o").event(Renamed(name: "Countess")).commit(to: store)
      try await Owner.aggregate("p").event(Renamed(name: "somebody else")).commit(to: store)
      let loaded = try #require(try await named.aggregate(Owner.self, "o").load("a", from: store))
      #expect(loaded.state == Balance(amount: 1, owner: "Countess"))
      #expect(loaded.version == 2)
    }
  }

  @Test func anotherAggregateOfTheSameKindDoesNotCountForTheVersion() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      try await Account.aggregate("b").event(Deposited(amount: 2)).event(Deposited(amount: 4)).commit(to: store)
      let loaded = try #require(try await balances.aggregate(Account.self, "b").load("a", from: store))
      #expect(loaded.amount == 7 && loaded.version == 1)
    }
  }

  @Test func withoutAnIDEveryAggregateOfTheOtherKindCounts() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      try await Owner.aggregate("o").event(Renamed(name: "one")).commit(to: store)
      try await Owner.aggregate("p").event(Renamed(name: "two")).commit(to: store)
      #expect(try await named.everyAggregate(Owner.self).load("a", from: store)?.owner == "two")
    }
  }

  /// It would read every event of that kind that there is.
  @Test func anEventOfAnotherKindNeedsAWordOfItsOwn() async throws {
    try await withStore { store in
      let reads = Box(0)
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in reads.value += 1 }
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      for projection in [named, balances.skip(Renamed.self), balances.safetyCheck().skip(Renamed.self)] {
        do {
          _ = try await projection.load("a", from: hooked)
          Issue.record("it was loaded")
        } catch let error as EventoError {
          #expect(error.code == .invalidRequest)
          #expect(error.detail.contains("bank/Owner") && error.detail.contains("everyAggregate"), "\(error)")
        }
      }
      #expect(reads.value == 0)
    }
  }

  @Test func everyAggregateIsReadBesideOneThatIsNamed() async throws {
    try await withStore { store in
      try await Owner.aggregate("o").event(Renamed(name: "one")).commit(to: store)
      try await Owner.aggregate("p").event(Renamed(name: "two")).commit(to: store)
      let projection = named.aggregate(Owner.self, "o").everyAggregate(Owner.self)
      #expect(try await projection.load("a", from: store)?.owner == "two")
    }
  }

  @Test func onlyOthersMakeAStateWithoutVersion() async throws {
    try await withStore { store in
      try await Owner.aggregate("o").event(Renamed(name: "Ada")).commit(to: store)
      let loaded = try #require(try await named.aggregate(Owner.self, "o").load("a", from: store))
      #expect(loaded.version == 0 && loaded.owner == "Ada")
      #expect(try await loaded.aggregate().event(Opened(owner: "Ada")).commit(to: store).version == 1)
    }
  }

  @Test func snapshotsOfDifferentCompanyAreKeptApart() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store)
      try await Owner.aggregate("o").event(Renamed(name: "one")).commit(to: store)
      try await Owner.aggregate("p").event(Renamed(name: "two")).commit(to: store)
      let kept = named.snapshots(as: "balance")
      #expect(try await kept.aggregate(Owner.self, "o").load("a", from: store)?.owner == "one")
      #expect(try await kept.aggregate(Owner.self, "p").load("a", from: store)?.owner == "two")
      #expect(try await kept.aggregate(Owner.self, "o").load("a", from: store)?.owner == "one")
    }
  }

  @Test func severalIDsAreOneAggregate() async throws {
    try await withStore { store in
      try await Account.ids(["ada", "savings"]).event(Deposited(amount: 1)).commit(to: store)
      #expect(try await balances.load(ids: ["ada", "savings"], from: store)?.amount == 1)
    }
  }
}
