import Evento
import Testing

@Suite struct SnapshotTests {
  private static let key = SnapshotKey(type: "balance", revision: "0", id: "a")

  /// Counts the events that it folds.
  private func counting(_ folded: Box<Int>) -> Projection<Account, Balance> {
    Projection(initial: Balance()).on(Deposited.self) {
      folded.value += 1
      $0.amount += $1.data.amount
    }
  }

  private func deposit(_ count: Int, to store: some Executor) async throws {
    for _ in 0..<count { try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store) }
  }

  @Test func aLoadFoldsOnlyWhatIsNew() async throws {
    try await withStore { store in
      let folded = Box(0)
      let projection = counting(folded).snapshots(as: "balance")
      try await deposit(3, to: store)
      #expect(try await projection.load("a", from: store)?.amount == 3)
      try await deposit(2, to: store)
      let loaded = try #require(try await projection.load("a", from: store))
      #expect(loaded.amount == 5 && loaded.version == 5)
      #expect(folded.value == 5)
      let again = try #require(try await projection.load("a", from: store))
      #expect(again == loaded)
      #expect(folded.value == 5)
    }
  }

  @Test func anotherRevisionStartsAnew() async throws {
    try await withStore { store in
      let folded = Box(0)
      let projection = counting(folded).snapshots(as: "balance")
      try await deposit(2, to: store)
      _ = try await projection.load("a", from: store)
      #expect(try await projection.revision("1").load("a", from: store)?.amount == 2)
      #expect(folded.value == 4)
      #expect(try await projection.revision("1").load("a", from: store)?.amount == 2)
      #expect(try await projection.load("a", from: store)?.amount == 2)
      #expect(folded.value == 4)
    }
  }

  /// A rolling deployment: the old revision goes on loading beside the new one.
  @Test func anOldRevisionGoesOnFromItsOwnSnapshot() async throws {
    try await withStore { store in
      try await deposit(2, to: store)
      let old = counting(Box(0)).snapshots(as: "balance")
      let new = Projection<Account, Balance>(initial: Balance()).on(Deposited.self) { $0.amount += 10 * $1.data.amount }
        .snapshots(as: "balance").revision("1")
      for expected in 3...5 {
        try await deposit(1, to: store)
        #expect(try await old.load("a", from: store)?.amount == expected)
        #expect(try await new.load("a", from: store)?.amount == 10 * expected)
      }
    }
  }

  /// Both are an `Int` of one aggregate.
  @Test func projectionsIntoOneTypeAreKeptApart() async throws {
    let counts = Projection<Account, Int>(initial: 0).on(Deposited.self) { state, _ in state += 1 }
      .snapshots(as: "count")
    let sums = Projection<Account, Int>(initial: 0).on(Deposited.self) { $0 += 10 * $1.data.amount }
      .snapshots(as: "sum")
    try await withStore { store in
      for round in 1...3 {
        try await deposit(1, to: store)
        #expect(try await counts.load("a", from: store)?.state == round)
        #expect(try await sums.load("a", from: store)?.state == 10 * round)
      }
    }
  }

  @Test func aSnapshotIsKeptOnlyEverySoOften() async throws {
    try await withStore { store in
      let projection = balances.snapshots(as: "mine", every: 3)
      let key = SnapshotKey(type: "mine", revision: "0", id: "a")
      try await deposit(2, to: store)
      #expect(try await projection.load("a", from: store)?.amount == 2)
      #expect(try await store.getSnapshot(key) == nil)
      try await deposit(1, to: store)
      #expect(try await projection.load("a", from: store)?.amount == 3)
      let first = try await store.getSnapshot(key)
      #expect(first?.data.text == #"{"state":{"amount":3,"owner":""},"version":3}"#)
      try await deposit(2, to: store)
      #expect(try await projection.load("a", from: store)?.amount == 5)
      #expect(try await store.getSnapshot(key) == first)
    }
  }

  @Test func whatIsNoSuchStateCountsAsNone() async throws {
    try await withStore { store in
      try await deposit(2, to: store)
      let cursor = try #require(try await store.everything().last).cursor
      for bytes in [Payload(), Payload("null"), Payload(#"{"version":1}"#), Payload([0xFF])] {
        try await store.saveSnapshot(Self.key, Snapshot(data: bytes, cursor: cursor))
        #expect(try await balances.snapshots(as: "balance").load("a", from: store)?.amount == 2)
        #expect(try await store.getSnapshot(Self.key)?.data != bytes)
      }
    }
  }

  /// The store was restored from a backup that is older than the snapshot.
  @Test func aSnapshotOfAnotherHistoryCountsAsNone() async throws {
    try await withStore { store in
      try await deposit(2, to: store)
      let refused = Box(false)
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in
        guard refused.claim() else { return }
        throw EventoError(.cursorNotInHistory, "The store holds less than that.")
      }
      _ = try await balances.snapshots(as: "balance").load("a", from: store)
      let folded = Box(0)
      #expect(try await counting(folded).snapshots(as: "balance").load("a", from: hooked)?.amount == 2)
      #expect(folded.value == 2 && refused.value)
    }
  }

  @Test func withoutASnapshotAForeignPositionIsAnError() async throws {
    try await withStore { store in
      try await deposit(1, to: store)
      var hooked = HookedExecutor(store)
      hooked.beforeRead = { () async throws in throw EventoError(.cursorNotInHistory, "No.") }
      await expect(.cursorNotInHistory) { _ = try await balances.snapshots(as: "balance").load("a", from: hooked) }
    }
  }

  @Test func aSnapshotThatCantBeSavedIsReportedAndTheStateReturned() async throws {
    try await withStore { store in
      try await deposit(1, to: store)
      let refusal = EventoError(.forbidden, "The token may only read.")
      var hooked = HookedExecutor(store)
      hooked.beforeSaveSnapshot = { () async throws in throw refusal }
      let projection = balances.snapshots(as: "balance", every: 2)
      #expect(try await projection.load("a", from: hooked)?.snapshotFailure == nil)
      try await deposit(1, to: store)
      for _ in 0..<2 {
        let loaded = try #require(try await projection.load("a", from: hooked))
        #expect(loaded.amount == 2 && loaded.version == 2)
        #expect(loaded.snapshotFailure == refusal)
      }
      #expect(try await store.getSnapshot(Self.key) == nil)
      #expect(try await projection.load("a", from: store)?.snapshotFailure == nil)
      #expect(try await store.getSnapshot(Self.key) != nil)
    }
  }

  @Test func aStateThatCantBeEncodedIsGivenAllTheSame() async throws {
    let ratios = Projection<Account, Double>(initial: 0).on(Deposited.self) { $0 = .infinity * Double($1.data.amount) }
      .snapshots(as: "ratio")
    try await withStore { store in
      try await deposit(1, to: store)
      let loaded = try #require(try await ratios.load("a", from: store))
      #expect(loaded.state == .infinity && loaded.snapshotFailure?.code == .unencodablePayload)
    }
  }

  @Test func aSnapshotWithoutANameIsInvalid() async throws {
    try await withStore { store in
      try await deposit(1, to: store)
      await expect(.invalidRequest) { _ = try await balances.snapshots(as: "").load("a", from: store) }
      await expect(.invalidRequest) {
        _ = try await balances.snapshots(as: "balance").revision("").load("a", from: store)
      }
    }
  }

  @Test func aSnapshotBetweenOtherEventsLosesNone() async throws {
    try await withStore { store in
      let projection = balances.snapshots(as: "balance")
      for round in 1...5 {
        try await deposit(1, to: store)
        try await Account.aggregate("b").event(Deposited(amount: 100)).commit(to: store)
        #expect(try await projection.load("a", from: store)?.amount == round)
      }
    }
  }
}
