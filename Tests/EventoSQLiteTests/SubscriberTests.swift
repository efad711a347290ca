import Evento
import EventoSQLite
import Testing

@Suite struct SubscriberTests {
  @Test func aTakeOverKeepsEverythingButTheWorker() async throws {
    try await withStore { store in
      let (one, two) = (ULID(), ULID())
      let created = try await store.upsertSubscriber("s", workerID: one)
      #expect(created.isNew && created.subscriber.workerID == one && created.subscriber.isEnabled)
      #expect(created.subscriber.cursor == nil && created.subscriber.lag == 0)
      let cursor = try await store.write([.sample()]).events[0].cursor
      try await store.acknowledge("s", cursor: cursor, lag: 9, workerID: one)
      try await store.setSubscriberEnabled("s", false)
      let taken = try await store.upsertSubscriber("s", workerID: two)
      #expect(!taken.isNew && taken.subscriber.workerID == two)
      #expect(taken.subscriber.cursor == cursor && taken.subscriber.lag == 9 && !taken.subscriber.isEnabled)
      #expect(taken.subscriber.createdAt == created.subscriber.createdAt)
      await expect(.subscriberTakenOver) { () throws in
        try await store.acknowledge("s", cursor: nil, lag: 0, workerID: one)
      }
      #expect(try await store.getSubscriberCursor("s") == cursor)
      // Without a worker anybody may, disabled or not; and back to the beginning.
      #expect(try await store.acknowledge("s", cursor: nil).cursor == nil)
      #expect(try await store.acknowledge("s", cursor: cursor, lag: Subscriber.maximumLag).lag == Subscriber.maximumLag)
    }
  }

  @Test func runningMeansHeldAndEnabled() async throws {
    try await withStore { store in
      let (one, two) = (ULID(), ULID())
      #expect(try await store.isSubscriberRunning("s", workerID: one) == false)
      try await store.upsertSubscriber("s", workerID: one)
      #expect(try await store.isSubscriberRunning("s", workerID: one))
      #expect(try await store.isSubscriberRunning("s", workerID: two) == false)
      try await store.setSubscriberEnabled("s", false)
      #expect(try await store.isSubscriberRunning("s", workerID: one) == false)
    }
  }

  @Test func whatIsNotThereIsSaid() async throws {
    try await withStore { store in
      #expect(try await store.subscriber("s") == nil)
      #expect(try await store.getSubscriberCursor("s") == nil)
      await expect(.subscriberNotFound) { () throws in
        // Even before its cursor, which is of no history.
        try await store.acknowledge("s", cursor: Cursor(content: [1]))
      }
      await expect(.subscriberNotFound) { () throws in try await store.setSubscriberEnabled("s", true) }
      await expect(.subscriberNotFound) { () throws in try await store.deleteSubscriber("s") }
      await expect(.invalidRequest) { () throws in
        try await store.upsertSubscriber("", workerID: ULID())
      }
      try await store.upsertSubscriber("s", workerID: ULID())
      for lag in [-1, Subscriber.maximumLag + 1] {
        await expect(.invalidRequest) { () throws in
          try await store.acknowledge("s", cursor: nil, lag: lag)
        }
      }
      try await store.deleteSubscriber("s")
      #expect(try await store.subscribers().isEmpty)
    }
  }

  @Test func subscribersAreListedInByteOrder() async throws {
    try await withStore { store in
      for key in ["b", "a", "Z", "é", "e\u{301}", "a b"] { try await store.upsertSubscriber(key, workerID: ULID()) }
      let keys = try await store.subscribers().map { Array($0.key.utf8) }
      #expect(keys == ["Z", "a", "a b", "b", "e\u{301}", "é"].map { Array($0.utf8) })
    }
  }
}
