import Bank
import Evento
import EventoSQLite
import Testing

@Suite struct TellerTests {
  private func withTeller(_ body: (Teller, SQLiteExecutor) async throws -> Void) async throws {
    try await withStore { store in try await body(Teller("t", store: store), store) }
  }

  private func expect(
    _ error: BankError, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Void
  ) async {
    await #expect(throws: error, sourceLocation: sourceLocation) { try await body() }
  }

  @Test func theTourTellsItsStory() async throws {
    try await withStore { store in
      let lines = try await Tour.run(on: store)
      #expect(
        lines.prefix(6) == [
          "Ada has 5450 cents, Bob has 3000.",
          "Bob can't withdraw 100000 cents: there are 3000.",
          "Deposits to Ada are refused: her account is frozen.",
          "Bob's account is closed, after 4 events.",
          "In the book: Ada, 5450 cents, open.",
          "In the book: Bob, 0 cents, closed.",
        ])
      #expect(lines.count == 12)
      #expect(lines[6] == #"1. AccountOpened {"owner":"Ada"} by teller-7"#)
      #expect(lines[11] == "6. AccountUnfrozen {} by teller-7")
    }
  }

  @Test func whatMustNotBeIsRefusedAndWritesNothing() async throws {
    try await withTeller { teller, store in
      let (ada, bob) = (try await teller.open(owner: "Ada"), try await teller.open(owner: "Bob"))
      try await teller.deposit(10, to: ada)
      try await teller.freeze(bob, because: "x")
      let before = try await store.everything()
      await expect(.invalidAmount(0)) { try await teller.deposit(0, to: ada) }
      await expect(.invalidAmount(-1)) { try await teller.withdraw(-1, from: ada) }
      await expect(.invalidAmount(.max)) { try await teller.transfer(.max, from: ada, to: bob) }
      await expect(.insufficientFunds(available: 10)) { try await teller.withdraw(11, from: ada) }
      await expect(.insufficientFunds(available: 10)) { try await teller.transfer(11, from: ada, to: bob) }
      await expect(.sameAccount) { try await teller.transfer(1, from: ada, to: ada) }
      await expect(.accountIsNotOpen(.frozen)) { try await teller.transfer(1, from: ada, to: bob) }
      await expect(.accountIsNotOpen(.frozen)) { try await teller.freeze(bob, because: "again") }
      await expect(.accountIsNotEmpty(cents: 10)) { try await teller.close(ada) }
      await expect(.noSuchAccount("nobody")) { try await teller.deposit(1, to: "nobody") }
      await expect(.noSuchAccount("nobody")) { try await teller.transfer(1, from: ada, to: "nobody") }
      await expect(.noSuchAccount("nobody")) { _ = try await teller.balance(of: "nobody") }
      try await teller.unfreeze(ada)
      #expect(try await store.everything() == before)
    }
  }

  @Test func aClosedAccountStaysClosed() async throws {
    try await withTeller { teller, _ in
      let ada = try await teller.open(owner: "Ada")
      try await teller.close(ada)
      await expect(.accountIsNotOpen(.closed)) { try await teller.deposit(1, to: ada) }
      await expect(.accountIsNotOpen(.closed)) { try await teller.close(ada) }
      try await teller.unfreeze(ada)
      #expect(try await teller.details(of: ada).status == .closed)
    }
  }

  @Test func concurrentCommandsAllCountAndNoneOverdraws() async throws {
    try await withTeller { teller, store in
      let (ada, bob) = (try await teller.open(owner: "Ada"), try await teller.open(owner: "Bob"))
      try await teller.deposit(100, to: ada)
      let refused = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 0..<15 {
          group.addTask {
            do {
              try await teller.transfer(10, from: ada, to: bob)
              return false
            } catch BankError.insufficientFunds {
              return true
            }
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(refused == 5)
      #expect(try await teller.balance(of: ada) == 0)
      #expect(try await teller.balance(of: bob) == 100)
      #expect(try await teller.details(of: bob).cents == 100)
      // Opened, deposited or received, and one event of each transfer.
      #expect(try await store.version(of: Bank.Account.self, ada) == 12)
      #expect(try await store.version(of: Bank.Account.self, bob) == 11)
    }
  }

  @Test func snapshotsChangeNothing() async throws {
    try await withTeller { teller, store in
      let ada = try await teller.open(owner: "Ada")
      for cents in 1...120 { try await teller.deposit(cents, to: ada) }
      let details = try await teller.details(of: ada)
      #expect(details.cents == 7260 && details.version == 121)
      #expect(try await teller.balance(of: ada) == 7260)
      let key = SnapshotKey(type: "bank/AccountDetails", revision: "1", id: ada)
      #expect(try await store.getSnapshot(key) != nil)
    }
  }

  /// Every second response is lost, so that the teller can't tell whether the money has moved.
  @Test func aCommandThatIsSentAgainCountsOnce() async throws {
    try await withStore { store in
      let lossy = LossyExecutor(store)
      let teller = Teller("t", store: lossy)
      let (ada, bob) = (try await teller.open(owner: "Ada"), try await teller.open(owner: "Bob"))
      try await teller.deposit(100, to: ada)
      try await teller.transfer(40, from: ada, to: bob)
      #expect(try await teller.balance(of: ada) == 60)
      #expect(try await teller.balance(of: bob) == 40)
      let events = try await store.everything()
      #expect(events.count == 5)
      #expect(await lossy.writes.count == 8)
      #expect(events.allSatisfy { $0.metadata.requestedBy == "t" })
    }
  }

  @Test func theBookAgreesAndCountsARedeliveredEventOnce() async throws {
    try await withTeller { teller, store in
      let (ada, bob) = (try await teller.open(owner: "Ada"), try await teller.open(owner: "Bob"))
      try await teller.deposit(100, to: ada)
      try await teller.transfer(40, from: ada, to: bob)
      try await teller.withdraw(40, from: bob)
      try await teller.close(bob)
      let book = AccountBook()
      for _ in 0..<2 { try await book.subscription.runOnce(on: store) }
      #expect(await book.totalCents == 60)
      #expect(await book.entries[ada]?.cents == 60)
      #expect(await book.entries[bob]?.isOpen == false)
    }
  }
}
