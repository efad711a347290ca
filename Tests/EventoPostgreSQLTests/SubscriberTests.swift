import Evento
import EventoStorage
import TestSupport
import Testing

@testable import EventoPostgreSQL

@Suite(.needsPostgreSQL) struct SubscriberTests {
  private let worker = ULID(high: 1, low: 1)
  private let other = ULID(high: 1, low: 2)

  @Test func aSubscriberIsCreatedTakenOverAndDeleted() async throws {
    try await withStore(events: 10, { $0.now = { Timestamp(milliseconds: 1000) } }) { store, log, _ in
      let created = try await store.upsertSubscriber("s", workerID: worker)
      let subscriber = Subscriber(
        key: "s", workerID: worker, cursor: nil, lag: 0, isEnabled: true, createdAt: Timestamp(milliseconds: 1000),
        updatedAt: Timestamp(milliseconds: 1000))
      #expect(created == SubscriberUpsert(subscriber: subscriber, isNew: true))
      #expect(try await store.subscriber("s") == subscriber)
      #expect(try await store.isSubscriberRunning("s", workerID: worker))

      let cursor = log.position(3).cursor
      let acknowledged = try await store.acknowledge("s", cursor: cursor, lag: Subscriber.maximumLag, workerID: worker)
      #expect(acknowledged.cursor == cursor && acknowledged.lag == Subscriber.maximumLag)
      #expect(try await store.setSubscriberEnabled("s", false).isEnabled == false)
      #expect(try await !store.isSubscriberRunning("s", workerID: worker))

      let takenOver = try await store.upsertSubscriber("s", workerID: other)
      #expect(!takenOver.isNew && takenOver.subscriber.workerID == other)
      #expect(takenOver.subscriber.cursor == cursor && !takenOver.subscriber.isEnabled)

      let restarted = try await store.acknowledge("s", cursor: nil, lag: 0, workerID: nil)
      #expect(restarted.cursor == nil)
      #expect(try await store.getSubscriberCursor("s") == nil)

      try await store.deleteSubscriber("s")
      #expect(try await store.subscriber("s") == nil)
      #expect(try await !store.isSubscriberRunning("s", workerID: other))
    }
  }

  @Test func anAcknowledgementIsRefusedForTheFirstOfItsErrors() async throws {
    try await withStore(events: 10) { store, log, _ in
      let foreign = [LogPosition(position: 3, commitID: 3).cursor, Cursor(content: [1])]
      for cursor in [log.position(3).cursor] + foreign {
        let missing = await errorCode { try await store.acknowledge("s", cursor: cursor, lag: 0, workerID: worker) }
        #expect(missing == .subscriberNotFound)
      }
      try await store.upsertSubscriber("s", workerID: worker)
      for cursor in [log.position(3).cursor, nil] + foreign {
        let taken = await errorCode { try await store.acknowledge("s", cursor: cursor, lag: 0, workerID: other) }
        #expect(taken == .subscriberTakenOver)
      }
      for cursor in foreign {
        for worker in [worker, nil] {
          let code = await errorCode { try await store.acknowledge("s", cursor: cursor, lag: 5, workerID: worker) }
          #expect(code == .cursorNotInHistory)
        }
      }
      #expect(try await store.subscriber("s")?.lag == 0)
      // The position before the first event is in the history.
      let start = log.position(0).cursor
      #expect(try await store.acknowledge("s", cursor: start, lag: 0, workerID: worker).cursor == start)
      #expect(await errorCode { try await store.setSubscriberEnabled("t", true) } == .subscriberNotFound)
      #expect(await errorCode { try await store.deleteSubscriber("t") } == .subscriberNotFound)
      #expect(await errorCode { try await store.upsertSubscriber("", workerID: worker) } == .invalidRequest)
    }
  }

  /// The server's own order puts "a" before "B", and "é" before "z".
  @Test func pagesAreInTheOrderOfBytes() async throws {
    try await withStore(events: 0) { store, _, _ in
      let keys = ["B", "a", "a b", "a-b", "ab", "z", "é", "\u{65}\u{301}"]
        .sorted { Name(checked: $0) < Name(checked: $1) }
      for key in keys.shuffled() { try await store.upsertSubscriber(key, workerID: worker) }
      #expect(try await store.subscribers().map { Name(checked: $0.key) } == keys.map(Name.init(checked:)))
      let page = try await store.subscribers(first: 2, after: "a")
      #expect(page.subscribers.map(\.key) == ["a b", "a-b"] && page.hasNextPage)
      let last = try await store.subscribers(first: 2, after: "y")
      #expect(last.subscribers.map(\.key) == ["z", "é"] && !last.hasNextPage)
    }
  }

  /// Of many workers that create a subscriber at once, one does, and all others take it over.
  @Test func oneOfManyCreatesIt() async throws {
    try await withStore(events: 0) { store, _, _ in
      for round in 0..<20 {
        let created = try await withThrowingTaskGroup(of: Bool.self) { group in
          for _ in 0..<8 {
            group.addTask { try await store.upsertSubscriber("s\(round)", workerID: ULID()).isNew }
          }
          return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(created == 1)
      }
    }
  }

  /// Once a worker has taken over, no acknowledgement of the one before it has an effect.
  @Test func noAcknowledgementOvertakesATakeOver() async throws {
    try await withStore(events: 10) { store, log, _ in
      for _ in 0..<30 {
        try await store.upsertSubscriber("s", workerID: worker)
        try await store.acknowledge("s", cursor: log.position(1).cursor, lag: 0, workerID: worker)
        async let takenOver = store.upsertSubscriber("s", workerID: other)
        async let code = errorCode {
          try await store.acknowledge("s", cursor: log.position(2).cursor, lag: 0, workerID: worker)
        }
        let seen = try await takenOver.subscriber.cursor
        let stored = try await store.subscriber("s")?.cursor
        switch await code {
        case nil: #expect(seen == log.position(2).cursor)
        case .subscriberTakenOver: #expect(seen == log.position(1).cursor)
        case let code: Issue.record("\(String(describing: code))")
        }
        #expect(stored == seen)
      }
    }
  }
}

@Suite(.needsPostgreSQL) struct SnapshotTests {
  private let key = SnapshotKey(type: "bank/Account", revision: "1", id: "a")

  @Test func aSnapshotIsSavedReplacedAndDeleted() async throws {
    try await withStore(events: 10) { store, log, _ in
      #expect(try await store.getSnapshot(key) == nil)
      let large = Payload(String(repeating: "1", count: 1 << 20))
      for data in [Payload(#"{"a":1.10}"#), Payload([0, 255]), Payload(), large] {
        let snapshot = Snapshot(data: data, cursor: log.position(5).cursor)
        try await store.saveSnapshot(key, snapshot)
        #expect(try await store.getSnapshot(key) == snapshot)
        #expect(try await store.getSnapshot(key)?.data.isJSON == data.isJSON)
      }
      let foreign = [LogPosition(position: 5, commitID: 1).cursor, Cursor(content: [1])]
      for cursor in foreign {
        let code = await errorCode { try await store.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: cursor)) }
        #expect(code == .cursorNotInHistory)
      }
      #expect(try await store.getSnapshot(key)?.data.bytes.count == 1 << 20)
      try await store.saveSnapshot(key, Snapshot(data: Payload("1"), cursor: log.position(0).cursor))
      let sibling = SnapshotKey(type: "bank/Account", revision: "2", id: "a")
      #expect(try await store.getSnapshot(sibling) == nil)
      #expect(await errorCode { try await store.deleteSnapshot(sibling) } == .snapshotNotFound)
      try await store.deleteSnapshot(key)
      #expect(await errorCode { try await store.deleteSnapshot(key) } == .snapshotNotFound)
    }
  }
}
