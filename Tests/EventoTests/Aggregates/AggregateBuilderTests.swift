import Evento
import Testing

@Suite struct AggregateBuilderTests {
  @Test func createBeginsAnAggregateAtVersionOne() async throws {
    try await withStore { store in
      let commit = try await Account.create().event(Opened(owner: "Ada")).event(Deposited(amount: 5)).commit(to: store)
      #expect(commit.version == 2)
      let events = try await store.everything().map(\.node)
      #expect(events.map(\.aggregatorType) == ["bank/Account", "bank/Account"])
      #expect(events.map(\.aggregatorID) == [commit.id, commit.id])
      #expect(events.map(\.version) == [1, 2])
      #expect(events.map(\.name) == ["Opened", "Deposited"])
      #expect(events.map(\.data.text) == [#"{"owner":"Ada"}"#, #"{"amount":5}"#])
      #expect(events.map(\.id) == commit.events.map(\.id))
      #expect(ULID(commit.id) != nil)
    }
  }

  @Test func twoCreatesAreTwoAggregates() async throws {
    try await withStore { store in
      let first = try await Account.create().event(Opened(owner: "Ada")).commit(to: store)
      let second = try await Account.create().event(Opened(owner: "Ada")).commit(to: store)
      #expect(first.id != second.id)
    }
  }

  @Test func withoutAnOriginalVersionEventsAreAppended() async throws {
    try await withStore { store async throws in
      #expect(try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store).version == 1)
      #expect(try await Account.aggregate("a").event(Deposited(amount: 1)).commit(to: store).version == 2)
    }
  }

  @Test func aStaleOriginalVersionIsAConflictThatWritesNothing() async throws {
    try await withStore { store in
      let opened = try await Account.create().event(Opened(owner: "Ada")).commit(to: store)
      let decision = Account.aggregate(opened.id).originalVersion(opened.version)
      try await decision.event(Deposited(amount: 1)).commit(to: store)
      do {
        try await decision.event(Withdrawn(amount: 1)).event(Closed()).commit(to: store)
        Issue.record("the conflict went unnoticed")
      } catch let error as EventoError {
        #expect(error.code == .invalidOriginalVersion)
        #expect(
          error.facts
            == .versionConflict(
              aggregatorType: "bank/Account", aggregatorID: opened.id, givenVersion: 2, currentVersion: 2))
        // As `originalVersion` counts, not as the events do.
        #expect(
          error.detail
            == "Expected bank/Account \"\(opened.id)\" at version 1, but it is at 2. Reload it and retry.",
          "\(error)")
      }
      #expect(try await store.version(of: Account.self, opened.id) == 2)
    }
  }

  @Test func originalVersionZeroClaimsThatThereIsNothing() async throws {
    try await withStore { store in
      try await Account.ids(["ada", "checking"]).originalVersion(0).event(Opened(owner: "Ada")).commit(to: store)
      await expect(.invalidOriginalVersion) {
        try await Account.ids(["ada", "checking"]).originalVersion(0).event(Opened(owner: "Ada")).commit(to: store)
      }
      await expect(.invalidOriginalVersion) {
        try await Account.aggregate("none").originalVersion(1).event(Closed()).commit(to: store)
      }
    }
  }

  @Test(arguments: [-1, Int.min, Event.maximumVersion + 1, Int.max])
  func anImpossibleOriginalVersionIsInvalid(version: Int) async throws {
    try await withStore { store in
      await expect(.invalidRequest) {
        try await Account.aggregate("a").originalVersion(version).event(Closed()).commit(to: store)
      }
    }
  }

  @Test func theLastVersionHasNoNext() async throws {
    try await withStore { store in
      await expect(.invalidRequest) {
        try await Account.aggregate("a").originalVersion(Event.maximumVersion).event(Closed()).commit(to: store)
      }
    }
  }

  @Test func idsAreTheirHash() {
    #expect(Account.ids(["a", "b"]).id == hashIDs(["a", "b"]))
  }

  @Test func nothingToCommitIsMissingData() async throws {
    try await withStore { store async throws in
      await expect(.missingData) { try await Account.create().commit(to: store) }
      await expect(.missingData) {
        try await Account.create().event(Opened(owner: "Ada")).and(Owner.create()).commit(to: store)
      }
      #expect(try await store.everything().isEmpty)
    }
  }

  @Test func whatCantBeEncodedIsNotWritten() async throws {
    try await withStore { store async throws in
      await expect(.unencodablePayload) {
        try await Account.create().event(Opened(owner: "Ada")).event(Uncodable()).commit(to: store)
      }
      await expect(.unencodablePayload) {
        try await Account.create().event(Opened(owner: "Ada")).metadata("x", Double.nan).commit(to: store)
      }
      #expect(try await store.everything().isEmpty)
    }
  }

  @Test func anEmptyIDIsInvalid() async throws {
    try await withStore { store in
      await expect(.invalidRequest) { try await Account.aggregate("").event(Closed()).commit(to: store) }
    }
  }

  @Test func aBuilderIsAValue() async throws {
    try await withStore { store async throws in
      let opening = Account.aggregate("a").event(Opened(owner: "Ada"))
      _ = opening.event(Closed())
      #expect(try await opening.commit(to: store).events.count == 1)
      #expect(try await store.everything().map(\.node.name) == ["Opened"])
    }
  }

  @Test func twoAggregatesCommitTogetherOrNotAtAll() async throws {
    try await withStore { store in
      try await Account.aggregate("from").event(Opened(owner: "Ada")).commit(to: store)
      try await Account.aggregate("to").event(Opened(owner: "Bob")).commit(to: store)
      let sending = Account.aggregate("from").originalVersion(1).event(Withdrawn(amount: 3))
      let receiving = Account.aggregate("to").event(Deposited(amount: 3))
      let commit = try await sending.and(receiving).and(Owner.aggregate("o").event(Renamed(name: "B")))
        .commit(to: store)
      #expect(commit.id == "from" && commit.version == 2)
      #expect(commit.events.map(\.aggregatorID) == ["from", "to", "o"])
      #expect(commit.cursor == commit.events[0].cursor)
      await expect(.invalidOriginalVersion) {
        try await Account.aggregate("to").event(Deposited(amount: 3))
          .and(Account.aggregate("from").originalVersion(1).event(Withdrawn(amount: 3))).commit(to: store)
      }
      #expect(try await store.version(of: Account.self, "to") == 2)
    }
  }

  @Test func anotherCoderCodesPayloadsAndLeavesMetadataJSON() async throws {
    struct Tagging: EventCoder {
      func encode(_ value: some Encodable) throws -> Payload {
        Payload([0xFF] + (try JSONCoder().encode(value).bytes))
      }

      func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
        try JSONCoder().decode(type, from: Payload(Array(payload.bytes.dropFirst())))
      }
    }
    try await withStore { store in
      let commit = try await Account.create().event(Deposited(amount: 7)).coder(Tagging()).requestedBy("me")
        .commit(to: store)
      let event = try #require(try await store.everything().first?.node)
      #expect(event.data.bytes.first == 0xFF)
      #expect(event.metadata.json == #"{"requested_by":"me"}"#)
      let loaded = try await balances.coder(Tagging()).load(commit.id, from: store)
      #expect(loaded?.amount == 7)
    }
  }

  @Test func whatHasHappenedCanBeAsked() async throws {
    try await withStore { store in
      try await Account.aggregate("a").event(Opened(owner: "Ada")).commit(to: store)
      #expect(try await store.hasEvent(Opened.self, "a"))
      #expect(try await !store.hasEvent(Closed.self, "a"))
      #expect(try await !store.hasEvent(Opened.self, "b"))
      #expect(try await store.version(of: Account.self, "a") == 1)
      #expect(try await store.version(of: Owner.self, "a") == nil)
    }
  }
}
