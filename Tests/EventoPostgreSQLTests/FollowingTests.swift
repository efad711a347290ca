import Evento
import Synchronization
import TestSupport
import Testing

@testable import EventoPostgreSQL

/// Followers of an embedded store whose server is away for a while.
@Suite(.needsPostgreSQL, .timeLimit(.minutes(2))) struct FollowingTests {
  @Test func aFollowerGoesOnAfterTheServerWasAway() async throws {
    let notices = Mutex<[StoreNotice.Level]>([])
    try await withRelayedStore({
      $0.notify = { notice in notices.withLock { $0.append(notice.level) } }
    }) { store, relay, database in
      var events = store.follow().makeAsyncIterator()
      let first = try await store.write([.sample()])
      #expect(try await events.next()?.cursor == first.events[0].cursor)
      relay.refuse()
      relay.cut()
      let second = try await withStore(PostgreSQLConfiguration(url: database.url)) { other in
        try await other.write([.sample()])
      }
      #expect(await errorCode { _ = try await store.log() } == .unavailable)
      async let next = events.next()
      // It reads, and fails.
      for _ in 0..<5 {
        store.announcer.signal.advance()
        try await Task.sleep(for: .milliseconds(20))
      }
      try relay.resume()
      #expect(try await next?.cursor == second.events[0].cursor)
      // The listener connects again at its own time.
      while notices.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
      #expect(notices.withLock { $0 } == [.failure, .recovery])
    }
  }

  @Test func aFollowerEndsWithItsStore() async throws {
    try await withRelayedStore { store, relay, _ in
      let first = try await store.write([.sample()])
      let followed = Atomic(0)
      let follower = Task {
        for try await _ in store.follow() { followed.add(1, ordering: .relaxed) }
      }
      while followed.load(ordering: .relaxed) == 0 { try await Task.sleep(for: .milliseconds(5)) }
      relay.refuse()
      relay.cut()
      await store.close()
      #expect(await errorCode { try await follower.value } == .unavailable)
      _ = first
    }
  }
}
