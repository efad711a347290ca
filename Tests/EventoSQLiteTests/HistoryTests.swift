import Evento
import EventoSQLite
import Foundation
import Testing

/// A cursor of another history is told, never skipped over.
@Suite struct HistoryTests {
  @Test func acursorOfAnotherStoreIsRefusedWhereverOneIsTaken() async throws {
    let foreign = try await withStore { store in
      try await store.write([.sample(), .sample()])
      let start = try await store.read([], routingKey: .all, args: .forward(first: 0)).pageInfo.endCursor
      return [start, try await store.write([.sample()]).events[0].cursor].compactMap { $0 }
    }
    try #require(foreign.count == 2)
    try await withStore { store in
      try await store.write((0..<9).map { _ in .sample() })
      try await store.upsertSubscriber("s", workerID: ULID())
      for cursor in foreign + [Cursor(content: [1, 2, 3]), Cursor(content: Array(repeating: 0xFF, count: 14))] {
        await expect(.cursorNotInHistory) { () throws in
          _ = try await store.read(nil, routingKey: .all, args: .forward(after: .after(cursor)))
        }
        await expect(.cursorNotInHistory) { () throws in
          _ = try await store.read(nil, routingKey: .all, args: .forward(first: 0, after: .after(cursor)))
        }
        await expect(.cursorNotInHistory) { () throws in
          _ = try await store.read([], routingKey: .all, args: .backward(before: cursor))
        }
        await expect(.cursorNotInHistory) { () throws in
          try await store.acknowledge("s", cursor: cursor)
        }
        await expect(.cursorNotInHistory) { () throws in
          try await store.saveSnapshot(
            SnapshotKey(type: "t", revision: "1", id: "i"), Snapshot(data: Payload(), cursor: cursor))
        }
      }
      #expect(try await store.subscriber("s")?.cursor == nil)
      #expect(try await store.getSnapshot(SnapshotKey(type: "t", revision: "1", id: "i")) == nil)
    }
  }

  @Test func aCursorYoungerThanTheBackupIsRefusedEvenWhenTheSameEventsAreSentAgain() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let kept = try await store.write([.sample("a", id: ULID())]).events[0].cursor
    await store.close()
    try FileManager.default.copyItem(atPath: folder.file(), toPath: folder.file("backup.sqlite"))

    let events = [NewEvent.sample("b", id: ULID()), .sample("c", id: ULID())]
    let first = try await SQLiteExecutor.open(folder.file())
    let lost = try await first.write(events).events.map(\.cursor)
    await first.close()

    let restored = try await SQLiteExecutor.open(folder.file("backup.sqlite"))
    func refuses(_ cursor: Cursor) async -> Bool {
      await failure { () throws in
        _ = try await restored.read(nil, routingKey: .all, args: .forward(after: .after(cursor)))
      }?.code == .cursorNotInHistory
    }
    #expect(await refuses(lost[0]))
    // The log grows past the place, and the very same event comes to stand there.
    try await restored.write([.sample("other")])
    try await restored.write([events[1]])
    #expect(try await restored.eventCount() == 3)
    #expect(await refuses(lost[1]))
    #expect(await refuses(lost[0]))
    #expect(await refuses(kept) == false)
    await restored.close()
  }

  @Test func aCursorOutlivesTheProcess() async throws {
    let folder = try TestFolder()
    var cursors: [Cursor] = []
    for round in 0..<3 {
      let store = try await SQLiteExecutor.open(folder.file())
      #expect(try await store.eventCount() == round)
      for cursor in cursors {
        let page = try await store.read(nil, routingKey: .all, args: .forward(after: .after(cursor)))
        #expect(page.edges.count == round - 1 - (cursors.firstIndex(of: cursor) ?? 0))
      }
      cursors.append(try await store.write([.sample()]).events[0].cursor)
      await store.close()
    }
  }
}
