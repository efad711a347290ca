import Evento
import EventoSQLite
import EventoTesting
import Synchronization
import Testing

/// Followers of a store that can't be read for a while.
@Suite struct UnavailableStoreTests {
  private func follow(
    _ failures: [EventoError], _ body: (EventSequence) async throws -> Void
  ) async throws {
    let store = InMemoryExecutor()
    try await store.write([NewEvent(aggregatorType: "t", aggregatorID: "a", name: "n")])
    var hooked = HookedExecutor(store)
    let left = Box(failures)
    hooked.beforeRead = { () async throws in
      if let failure = left.take() { throw failure }
    }
    try await body(hooked.follow())
    #expect(left.take() == nil)
  }

  private final class Box: Sendable {
    private let failures: Mutex<[EventoError]>

    init(_ failures: [EventoError]) {
      self.failures = Mutex(failures)
    }

    func take() -> EventoError? {
      failures.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
  }

  @Test func aFollowerWaitsUntilTheStoreIsThereAgain() async throws {
    let away = EventoError(.unavailable, "Away.")
    try await follow([away, away]) { events in
      var iterator = events.makeAsyncIterator()
      let first = try await iterator.next()
      #expect(first?.node.version == 1)
    }
  }

  @Test(arguments: [
    EventoError.cursorNotInHistory(), EventoError(.unavailable, "Closed.", isTransient: false),
    EventoError(.internal, "Damaged."),
  ])
  func anErrorThatWaitingCannotFixEndsTheFollower(_ error: EventoError) async throws {
    try await follow([EventoError(.unavailable, "Away."), error]) { events in
      await #expect(throws: error) { for try await _ in events {} }
    }
  }

  @Test(.timeLimit(.minutes(1))) func aClosedStoreEndsTheFollower() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    let events = store.follow()
    await store.close()
    await #expect(throws: EventoError.self) { for try await _ in events {} }
  }

  @Test func aFollowerThatWaitsIsCancelled() async throws {
    let store = InMemoryExecutor()
    var hooked = HookedExecutor(store)
    hooked.beforeRead = { () async throws in throw EventoError(.unavailable, "Away.") }
    let events = hooked.follow()
    let follower = Task { for try await _ in events {} }
    follower.cancel()
    try await follower.value
  }
}
