import Evento
import Testing

@Suite struct RoutingTests {
  private func keys(of id: String, in store: some Executor) async throws -> [String?] {
    try await store.everything([ReadAggregator("bank/Account", id: id)]).map(\.node.routingKey)
  }

  @Test func theFirstEventGivesTheAggregateItsKey() async throws {
    try await withStore { store in
      let account = try await Account.create().routingKey("eu").event(Opened(owner: "Ada")).event(Deposited(amount: 1))
        .commit(to: store)
      try await Account.aggregate(account.id).event(Deposited(amount: 1)).commit(to: store)
      try await Account.aggregate(account.id).routingKey("us").event(Deposited(amount: 1)).commit(to: store)
      try await Account.aggregate(account.id).originalVersion(4).routingKey(nil).event(Closed()).commit(to: store)
      #expect(try await keys(of: account.id, in: store) == ["eu", "eu", "eu", "eu", "eu"])
    }
  }

  @Test func noKeyIsAKeyTooThatStays() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store)
      try await Account.aggregate("a").routingKey("us").event(Closed()).commit(to: store)
      #expect(try await keys(of: "a", in: store) == [nil, nil])
    }
  }

  @Test func aNewAggregateWithoutVersionTakesTheKey() async throws {
    try await withStore { store in
      try await Account.aggregate("a").routingKey("eu").event(Opened(owner: "Ada")).event(Closed()).commit(to: store)
      #expect(try await keys(of: "a", in: store) == ["eu", "eu"])
    }
  }

  @Test func saidTwiceTheFirstKeyCounts() async throws {
    try await withStore { store in
      try await Account.aggregate("a").routingKey("eu").routingKey("us").event(Closed()).commit(to: store)
      try await Account.aggregate("b").routingKey(nil).routingKey("us").event(Closed()).commit(to: store)
      #expect(try await keys(of: "a", in: store) == ["eu"])
      #expect(try await keys(of: "b", in: store) == [nil])
    }
  }

  /// Somebody begins the aggregate between the look and the write.
  @Test func anAggregateBegunInBetweenKeepsItsKey() async throws {
    try await withStore { store in
      let raced = Box(false)
      var hooked = HookedExecutor(store)
      hooked.beforeWrite = { () async throws in
        guard raced.claim() else { return }
        try await Account.aggregate("a").routingKey("eu").event(Opened(owner: "Ada")).commit(to: store)
      }
      let commit = try await Account.aggregate("a").routingKey("us").event(Deposited(amount: 1)).event(Closed())
        .commit(to: hooked)
      #expect(commit.version == 3)
      #expect(try await keys(of: "a", in: store) == ["eu", "eu", "eu"])
    }
  }

  @Test func aRequiredVersionStaysAConflict() async throws {
    try await withStore { store in
      try await Account.aggregate("b").event(Opened(owner: "Bob")).commit(to: store)
      await expect(.invalidOriginalVersion) {
        try await Account.aggregate("a").routingKey("us").event(Opened(owner: "Ada"))
          .and(Account.aggregate("b").originalVersion(0).event(Closed())).commit(to: store)
      }
      #expect(try await keys(of: "a", in: store) == [])
    }
  }
}
