import Evento
import EventoTesting
import Testing

/// What projections, subscriptions and combined executors make of erased events.
@Suite(.timeLimit(.minutes(1))) struct ErasureTests {
  /// Fails if it decodes an event whose content was erased.
  private struct StrictCoder: EventCoder {
    func encode(_ value: some Encodable) throws -> Payload { try JSONCoder().encode(value) }

    func decode<Value: Decodable>(_ type: Value.Type, from payload: Payload) throws -> Value {
      #expect(!payload.bytes.isEmpty)
      return try JSONCoder().decode(type, from: payload)
    }
  }

  /// Two events that are erased, one of another aggregate, and one that is written afterwards.
  private func fill(_ store: any Executor) async throws {
    try await Account.aggregate("a").event(Opened(owner: "Ada")).event(Deposited(amount: 1)).commit(to: store)
    try await Account.aggregate("b").event(Deposited(amount: 10)).commit(to: store)
    try await store.eraseAggregate(type: Account.aggregatorType, id: "a")
    try await Account.aggregate("a").event(Deposited(amount: 100)).commit(to: store)
  }

  @Test func aProjectionPassesOverThemAndCountsThem() async throws {
    try await withStore { store in
      try await fill(store)
      let loaded = try await balances.coder(StrictCoder()).safetyCheck().load("a", from: store)
      #expect(loaded?.state == Balance(amount: 100, owner: "") && loaded?.version == 3)
      try await store.eraseAggregate(type: Account.aggregatorType, id: "a")
      let empty = try #require(try await balances.load("a", from: store))
      #expect(empty.state == Balance() && empty.version == 3)
      #expect(try await empty.aggregate().event(Deposited(amount: 7)).commit(to: store).version == 4)
    }
  }

  @Test func aProjectionCanHandleThem() async throws {
    try await withStore { store in
      try await fill(store)
      let names = Projection<Account, [String]>(initial: []).coder(StrictCoder())
        .on(Deposited.self) { $0.append("\($1.data.amount)") }.onErased { $0.append($1.name) }
      #expect(try await names.load("a", from: store)?.state == ["Opened", "Deposited", "100"])
      #expect(try await names.safetyCheck().load("a", from: store)?.state == ["Opened", "Deposited", "100"])
      #expect(try await names.skip(Opened.self).load("a", from: store)?.state == ["Deposited", "100"])
    }
  }

  @Test func aSubscriptionPassesOverThemAndAcknowledgesThem() async throws {
    try await withStore { store in
      try await fill(store)
      let amounts = Box<[Int]>([])
      let subscription = Subscription("s").coder(StrictCoder()).on(Deposited.self) {
        amounts.value.append($0.data.amount)
      }
      #expect(try await subscription.runOnce(on: store) == .caughtUp)
      #expect(amounts.value == [10, 100])
      try await store.eraseAggregate(type: Account.aggregatorType, id: "b")
      try await subscription.runOnce(on: store)
      #expect(try await store.getSubscriberCursor("s") == (try await store.everything().last?.cursor))
    }
  }

  @Test func aSubscriptionCanHandleThem() async throws {
    try await withStore { store in
      try await fill(store)
      let (erased, amounts, all) = (Box<[Int]>([]), Box<[Int]>([]), Box<[String]>([]))
      try await Subscription("s").coder(StrictCoder()).on(Deposited.self) { amounts.value.append($0.data.amount) }
        .onErased { erased.value.append($0.version) }.runOnce(on: store)
      // Only events of handled types are read.
      #expect(erased.value == [2] && amounts.value == [10, 100])
      erased.value = []
      try await Subscription("safe").coder(StrictCoder()).safetyCheck().on(Deposited.self) { _ in }
        .onErased { erased.value.append($0.version) }.runOnce(on: store)
      #expect(erased.value == [1, 2])
      erased.value = []
      try await Subscription("skips").safetyCheck().skip(Opened.self).on(Deposited.self) { _ in }
        .onErased { erased.value.append($0.version) }.runOnce(on: store)
      #expect(erased.value == [2])
      try await Subscription("all").onAll(Account.self) { event, _ in
        all.value.append("\(event.name) \(event.isErased)")
      }
      .runOnce(on: store)
      #expect(all.value == ["Opened true", "Deposited true", "Deposited false", "Deposited false"])
    }
  }

  // MARK: Combined executors

  @Test func aGroupErasesInEachMember() async throws {
    let stores = ThreeStores()
    for (member, time) in [(0, 1), (1, 2), (1, 3), (2, 4)] {
      try await stores.write(to: member, at: Int64(time), "shared")
    }
    try await stores.write(to: 1, at: 5, "other")
    let cursor = try #require(try await stores.members[0].forward().last?.cursor)
    try await stores.members[0].saveSnapshot(
      SnapshotKey(type: "s", revision: "1", id: "shared"), Snapshot(data: Payload("1"), cursor: cursor))
    let result = try await stores.group.eraseAggregate(type: "t", id: "shared", snapshotTypes: ["s"])
    #expect(result == ErasureResult(events: 4, snapshots: 1))
    #expect(try await stores.group.forward().map(\.node.isErased) == [true, true, true, true, false])
    #expect(try await stores.group.eraseAggregate(type: "t", id: "other").events == 1)
    #expect(await code { try await stores.group.eraseAggregate(type: "t", id: "absent") } == .aggregatorNotFound)
  }

  /// The group keeps snapshots in its first member, which can't find those of an aggregate that it does not have.
  @Test func aGroupErasesNothingIfItCannotEraseTheSnapshots() async throws {
    let stores = ThreeStores()
    try await stores.write(to: 2, at: 1, "old")
    #expect(
      await code { try await stores.group.eraseAggregate(type: "t", id: "old", snapshotTypes: ["s"]) }
        == .notImplemented)
    #expect(try await stores.group.forward().map(\.node.isErased) == [false])
    #expect(try await stores.group.eraseAggregate(type: "t", id: "old").events == 1)
  }

  @Test func theWriterOfTwoErases() async throws {
    let (reader, writer) = (InMemoryExecutor(), InMemoryExecutor())
    for store in [reader, writer] {
      try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n", data: Payload("1"))])
    }
    let executor = ReadWriteExecutor(read: reader, write: writer)
    #expect(try await executor.eraseAggregate(type: "t", id: "a").events == 1)
    #expect(try await writer.forward().map(\.node.isErased) == [true])
    #expect(try await reader.forward().map(\.node.isErased) == [false])
  }

  @Test func anExecutorOfOnesOwnNeedNotErase() async {
    #expect(
      await code { try await HookedExecutor(InMemoryExecutor()).eraseAggregate(type: "t", id: "a") } == .notImplemented)
  }
}
