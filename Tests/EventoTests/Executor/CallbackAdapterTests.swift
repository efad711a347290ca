import Evento
import EventoSQLite
import EventoTesting
import Testing

/// The callbacks of an executor that has none of its own.
@Suite(.timeLimit(.minutes(1))) struct CallbackAdapterTests {
  /// Has the values of a page.
  private struct Names: PageBuilder {
    var names: [String] = []

    mutating func add(_ event: borrowing EventView) -> Bool {
      guard names.count < 2 else { return false }
      names.append(event.name)
      return true
    }

    mutating func finish(_ info: PageInfo) -> (names: [String], hasMore: Bool) { (names, info.hasNextPage) }
  }

  private let executor = InMemoryExecutor()
  private var store: any CallbackExecutor { callbacks(of: executor) }

  private static func event(_ name: String) -> NewEvent {
    NewEvent(aggregatorType: "t", aggregatorID: "a", name: name)
  }

  private func result<Value: Sendable>(
    _ begin: (@escaping @Sendable (Result<Value, EventoError>) -> Void) -> Void
  ) async throws -> Value {
    try await withCheckedContinuation { continuation in begin { continuation.resume(returning: $0) } }.get()
  }

  @Test func aStoreThatCallsBackIsTakenAsItIs() async throws {
    let sqlite = try await SQLiteExecutor.open(":memory:")
    #expect(callbacks(of: sqlite) is SQLiteExecutor)
    #expect(store is CallbackAdapter)
    await sqlite.close()
  }

  @Test func eachOperationCallsBackWithItsResult() async throws {
    let store = store
    let written: WriteResult = try await result {
      store.write(["A", "B", "C"].map(Self.event), condition: nil, unless: { false }, completion: $0)
    }
    #expect(written.events.map(\.version) == [1, 2, 3])
    let page = try await result {
      store.viewPage(
        nil, routingKey: .all, args: .forward(), unless: { false }, into: { Names() }, completion: $0)
    }
    #expect(page.names == ["A", "B"] && page.hasMore)
    let again = try await store.viewPage(nil, routingKey: .all, args: .backward(last: 1), into: { Names() })
    #expect(again.names == ["C"])
    for (id, name) in [(written.events[1].id, "B"), (ULID(), nil)] as [(ULID, String?)] {
      let found = try await result {
        store.viewEvent(id, unless: { false }, through: { $0.name }, completion: $0)
      }
      #expect(found == name)
    }
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    let snapshot = Snapshot(data: Payload("1"), cursor: written.events[0].cursor)
    try await executor.saveSnapshot(key, snapshot)
    #expect(try await result { store.getSnapshot(key, unless: { false }, completion: $0) } == snapshot)
    let failure = await withCheckedContinuation { continuation in
      store.checkReadiness { continuation.resume(returning: $0) }
    }
    #expect(failure == nil)
  }

  @Test func anErrorOfSomeoneElseIsInternal() async throws {
    struct Breakdown: Error {}
    var broken = HookedExecutor(executor)
    broken.beforeWrite = { () throws in throw Breakdown() }
    let store = callbacks(of: broken)
    let error = await #expect(throws: EventoError.self) {
      let _: WriteResult = try await result {
        store.write([Self.event("A")], condition: nil, unless: { false }, completion: $0)
      }
    }
    #expect(error?.code == .internal && error?.cause?.contains("Breakdown") == true)
  }

  /// One of two callers stops waiting: the task of the other goes on.
  @Test func theTaskIsCancelledWhenNoCallerWaits() async throws {
    var slow = HookedExecutor(executor)
    let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
    let door = CommitSignal()
    slow.beforeRead = { () throws in
      arrived.yield()
      await door.wait(past: 0, until: .now + .seconds(1000))
      try Task.checkCancellation()
    }
    let (store, flag) = (callbacks(of: slow), CancellationFlag())
    @Sendable func page(unless isCancelled: @escaping @Sendable () -> Bool) async throws -> [String] {
      try await result {
        store.viewPage(
          nil, routingKey: .all, args: .forward(), unless: isCancelled, into: { Names() }, completion: $0)
      }.names
    }
    let dropped = Task { try await page(unless: { flag.isSet }) }
    async let wanted = page(unless: { false })
    var count = 0
    for await _ in arrivals {
      count += 1
      if count == 2 { break }
    }
    flag.set()
    await #expect(throws: EventoError.self) { try await dropped.value }
    door.advance()
    #expect(try await wanted == [])
  }
}
