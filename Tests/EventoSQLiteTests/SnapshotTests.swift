import Evento
import EventoSQLite
import Testing

@Suite struct SnapshotTests {
  @Test func eachRevisionIsKeptApartAndReplaced() async throws {
    try await withStore { store in
      let cursors = try await store.write([.sample(), .sample()]).events.map(\.cursor)
      let keys = ["1", "2"].map { SnapshotKey(type: "bank/Account", revision: $0, id: "acc") }
      #expect(try await store.getSnapshot(keys[0]) == nil)
      let first = Snapshot(data: Payload([0xFF, 0]), cursor: cursors[0])
      let second = Snapshot(data: Payload(#"{"b":1.0}"#), cursor: cursors[1])
      try await store.saveSnapshot(keys[0], first)
      try await store.saveSnapshot(keys[1], second)
      #expect(try await store.getSnapshot(keys[0]) == first)
      try await store.saveSnapshot(keys[0], second)
      #expect(try await store.getSnapshot(keys[0]) == second)
      try await store.deleteSnapshot(keys[0])
      await expect(.snapshotNotFound) { () throws in try await store.deleteSnapshot(keys[0]) }
      #expect(try await store.getSnapshot(keys[0]) == nil)
      #expect(try await store.getSnapshot(keys[1]) == second)
    }
  }

  @Test func aKeyOutOfFormIsRefused() async throws {
    try await withStore { store in
      let cursor = try await store.write([.sample()]).events[0].cursor
      for key in [("", "r", "i"), ("t", "", "i"), ("t", "r", "\n")] {
        await expect(.invalidRequest) { () throws in
          try await store.saveSnapshot(
            SnapshotKey(type: key.0, revision: key.1, id: key.2), Snapshot(data: Payload(), cursor: cursor))
        }
      }
    }
  }
}
