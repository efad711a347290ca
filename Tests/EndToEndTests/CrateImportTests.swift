import Evento
import Foundation
import TestSupport
import Testing

@testable import EventoSQLite

/// `import --from evento`.
@Suite(.timeLimit(.minutes(2))) struct CrateImportTests {
  private static func id(_ number: Int) -> String { "01JD0000000000000000000" + String(format: "%03d", number) }

  private static func run(_ folder: String, _ arguments: [String] = []) async throws -> CommandProcess.Outcome {
    try await GatewayProcess.run(
      ["import", "--from", "evento", folder + "/old.db", "--database", folder + "/new.sqlite"] + arguments)
  }

  /// The steps of docs/operations.md.
  @Test func movesAStore() async throws {
    let text = try String(
      contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/operations.md"),
      encoding: .utf8)
    #expect(text.contains("evento-gateway import --from evento old.db --database evento.sqlite --all\n"))
    try await withTemporaryFolder { folder in
      let old = try CrateStore(folder + "/old.db")
      let requester = CrateStore.metadata(
        Self.id(900), [("EVENTO_REQUESTED_BY", CrateStore.string("ada \"ü")), ("other", [1, 2, 3])])
      let rows = [
        CrateStore.Row(
          id: Self.id(3), aggregate: "a", version: 1, data: [0, 1, 255], metadata: requester, subsecond: 7),
        CrateStore.Row(
          id: Self.id(2), aggregate: "b", version: 1, data: Array("{\"a\": 1.10}".utf8), routingKey: "eu", subsecond: 8),
        CrateStore.Row(
          id: Self.id(1), aggregate: "a", version: 2, metadata: Array("other".utf8), seconds: 1_700_000_001),
        CrateStore.Row(id: Self.id(4), aggregate: "a", version: 3, seconds: 1_700_000_001, subsecond: 999),
      ]
      for row in rows.reversed() { try old.add(row) }
      for (key, cursor) in [("new", nil), ("second", rows[1].cursor), ("last", rows[3].cursor)] as [(String, String?)] {
        try old.connection.run(
          "INSERT INTO subscriber (key, worker_id, cursor, lag, enabled) VALUES (?1, ?2, ?3, 5, ?4)", .text(key),
          .text(Self.id(800)), cursor.map { .text($0) } ?? .null, .integer(key == "last" ? 0 : 1))
      }
      try old.connection.run(
        "INSERT INTO snapshot (id, type, cursor, revision, data) VALUES ('a', 'myapp/Account', ?1, '2', ?2)",
        .text(rows[2].cursor), .blob([9, 8]))

      // While the old store is open, and with a log.
      let outcome = try await Self.run(folder, ["--all"])
      #expect(
        outcome.output
          == "Imported 4 events, 3 subscribers and 1 snapshot, from \(folder)/old.db into \(folder)/new.sqlite.\n",
        "\(outcome.errors)")
      let store = try await SQLiteExecutor.open(folder + "/new.sqlite")
      let edges = try await store.read(args: .forward(first: 10)).edges
      #expect(edges.map(\.node.id.description) == rows.map(\.id))
      #expect(edges.map(\.node.version) == [1, 1, 2, 3])
      #expect(edges.map(\.node.data.bytes) == rows.map(\.data))
      #expect(edges.map(\.node.routingKey) == [nil, "eu", nil, nil])
      #expect(edges.map(\.node.timestamp.milliseconds) == rows.map { Int64($0.seconds * 1000 + $0.subsecond) })
      #expect(edges[0].node.metadata.requestedBy == "ada \"ü")
      #expect(
        edges[0].node.metadata.json
          == "{\"id\":\"\(Self.id(900))\",\"requested_by\":\"ada \\\"ü\",\"base64:other\":\"AQID\"}")
      #expect(edges[1].node.metadata.json == "{\"id\":\"01JD000000000000000000000M\"}")
      #expect(edges[2].node.metadata.json == "{\"base64\":\"b3RoZXI=\"}")
      #expect(try await store.subscriber("new")?.cursor == nil)
      #expect(try await store.subscriber("second")?.cursor == edges[1].cursor)
      let last = try #require(try await store.subscriber("last"))
      #expect(last.cursor == edges[3].cursor && last.lag == 5 && !last.isEnabled)
      #expect(last.workerID.description == Self.id(800) && last.createdAt.seconds > 1_600_000_000)
      let snapshot = try await store.getSnapshot(SnapshotKey(type: "myapp/Account", revision: "2", id: "a"))
      #expect(snapshot == Snapshot(data: Payload([9, 8]), cursor: edges[2].cursor))
      await store.close()

      // Again, with what was added meanwhile.
      try old.add(CrateStore.Row(id: Self.id(5), aggregate: "c", version: 1, seconds: 1_700_000_002))
      let again = try await Self.run(folder)
      #expect(
        again.output.hasPrefix("Imported 5 events (4 of them were there already), from "), "\(again.errors)")
      old.connection.close()
    }
  }

  /// The clocks of writers may contradict the versions. Then the versions count, and no subscriber skips an event.
  @Test func versionsComeBeforeClocks() async throws {
    try await withTemporaryFolder { folder in
      let old = try CrateStore(folder + "/old.db")
      let rows = [
        CrateStore.Row(id: Self.id(1), aggregate: "a", version: 2, seconds: 100),
        CrateStore.Row(id: Self.id(2), aggregate: "b", version: 1, seconds: 150),
        CrateStore.Row(id: Self.id(3), aggregate: "a", version: 1, seconds: 200),
        CrateStore.Row(id: Self.id(4), aggregate: "c", version: 1, seconds: 300),
      ]
      for row in rows { try old.add(row) }
      for (index, row) in rows.enumerated() {
        try old.connection.run(
          "INSERT INTO subscriber (key, worker_id, cursor, lag) VALUES (?1, ?2, ?3, 0)", .text("s\(index)"),
          .text(Self.id(800)), .text(row.cursor))
      }
      let outcome = try await Self.run(folder, ["--all"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let store = try await SQLiteExecutor.open(folder + "/new.sqlite")
      let edges = try await store.read(args: .forward(first: 10)).edges
      #expect(edges.map(\.node.id.description) == [Self.id(2), Self.id(3), Self.id(1), Self.id(4)])
      // One that has handled version 2 of a has b and version 1 of a before it.
      #expect(try await store.subscriber("s0")?.cursor == nil)
      #expect(try await store.subscriber("s1")?.cursor == edges[0].cursor)
      #expect(try await store.subscriber("s2")?.cursor == edges[2].cursor)
      #expect(try await store.subscriber("s3")?.cursor == edges[3].cursor)
      await store.close()
      old.connection.close()
    }
  }

  @Test func refusesWhatItCannotImport() async throws {
    for (change, error) in [
      ("UPDATE event SET id = 'x'", "event \"x\": the id is not a ULID. Correct it there, and import again."),
      ("UPDATE event SET version = 2", "Expected version 1 for myapp/Account \"a\", but got 2. Earlier events"),
      ("UPDATE event SET name = ''", "the name must be 1 to 255 bytes"),
      ("UPDATE event SET timestamp = -1", "the timestamp -1, 0 is out of range"),
      (
        "INSERT INTO subscriber (key, worker_id, cursor, lag) VALUES ('s', '\(Self.id(1))', 'x', 0)",
        "subscriber \"s\": the cursor is not one of evento 2.0. Delete that row, or import without --all."
      ),
      ("ALTER TABLE event DROP COLUMN timestamp_subsec", "its table \"event\" has no timestamp_subsec."),
      ("DROP TABLE event", "it has no table \"event\""),
    ] {
      try await withTemporaryFolder { folder in
        let old = try CrateStore(folder + "/old.db")
        try old.add(CrateStore.Row(id: Self.id(1), aggregate: "a", version: 1))
        try old.connection.execute(change)
        old.connection.close()
        let outcome = try await Self.run(folder, ["--all"])
        #expect(outcome.status == 1 && outcome.errors.contains(error), "\(change): \(outcome.errors)")
      }
    }
    try await withTemporaryFolder { folder in
      try Data("hello hello hello hello".utf8).write(to: URL(filePath: folder + "/old.db"))
      let text = try await Self.run(folder)
      #expect(text.status == 1 && text.errors.contains("is not a SQLite database"), "\(text.errors)")
      try FileManager.default.removeItem(atPath: folder + "/old.db")
      let none = try await Self.run(folder)
      #expect(none.status == 1 && none.errors.contains("There is no database"), "\(none.errors)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    }
  }
}
