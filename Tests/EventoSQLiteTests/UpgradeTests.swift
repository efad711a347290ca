import Evento
import EventoStorage
import Foundation
import Synchronization
import Testing

@testable import EventoSQLite

/// An older store that is brought up to date when it is opened.
@Suite struct UpgradeTests {
  @Test func itIsAnnounced() async throws {
    let folder = try TestFolder()
    try makeOlderStore(folder)
    let notices = Mutex<[StoreNotice]>([])
    var configuration = SQLiteConfiguration()
    configuration.notify = { notice in notices.withLock { $0.append(notice) } }
    for _ in 0..<2 {
      let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
      #expect(try await store.eventCount() == 900)
      await store.close()
    }
    // Once, and not of a store that is of this version by then, nor of a new one.
    let new = try await SQLiteExecutor.open(folder.file("new"), configuration: configuration)
    await new.close()
    let seen = notices.withLock { $0 }
    try #require(seen.count == 2)
    #expect(seen.allSatisfy { $0.level == .information })
    #expect(
      seen[0].message.hasPrefix("Upgrading \(folder.file()) from schema 1 to schema \(Schema.version): 900 events, "))
    #expect(seen[1].message.hasPrefix("Upgraded \(folder.file()) to schema \(Schema.version) ("))
  }

  /// A store of each version that the program has ever made.
  @Test(arguments: OldStores.versions) func aStoreOfEachVersionIsUpgraded(_ version: Int) async throws {
    #expect(OldStores.versions.upperBound == Schema.version - 1, "The last version is missing in OldStores.")
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(OldStores.statements(ofVersion: version))
    connection.close()
    // A backup of it needs no upgrade.
    #expect(try await SQLiteExecutor.backUp(folder.file(), to: folder.file("backup")).events == 3)
    let before = try await SQLiteExecutor.verify(folder.file("backup"))
    #expect(before.findings == [])

    let store = try await SQLiteExecutor.open(folder.file())
    let page = try await store.read(nil, routingKey: .all, args: .forward())
    #expect(page.edges.map(\.node.aggregatorID) == ["ada", "ada", "bob"])
    #expect(page.edges.map(\.node.version) == [1, 2, 1])
    #expect(page.edges.map(\.node.routingKey) == ["eu", "eu", nil])
    #expect(page.edges[1].node.isErased == (version >= 3))
    #expect(page.edges[1].node.data.bytes == (version >= 3 ? [] : [0, 0xFF]))
    #expect(try await store.subscriber("mail")?.cursor == page.edges[1].cursor)
    let snapshot = try await store.getSnapshot(SnapshotKey(type: "bank/Account", revision: "1", id: "ada"))
    #expect(snapshot?.data == Payload("{\"state\":2}") && snapshot?.cursor == page.edges[1].cursor)
    try await store.write([.sample("ada", version: 3)])
    await store.close()
    let after = try await SQLiteExecutor.verify(folder.file())
    #expect(after.findings == [] && after.events == 4)
    try FileManager.default.copyItem(atPath: folder.file("backup"), toPath: folder.file("restored"))
    let restored = try await SQLiteExecutor.open(folder.file("restored"))
    await restored.close()
    #expect(try await SQLiteExecutor.verify(folder.file("restored")) == before)
  }

  /// A payload that was damaged before there were checksums does not get one.
  @Test func aPayloadThatIsNotJSONStaysDamaged() async throws {
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(OldStores.statements(ofVersion: 3) + "UPDATE event SET data = x'7b' WHERE position = 3")
    connection.close()
    let store = try await SQLiteExecutor.open(folder.file())
    let page = try await store.read(nil, routingKey: .all, args: .forward())
    #expect(page.edges.count == 2 && page.pageInfo.hasNextPage)
    await store.close()
    #expect(try await SQLiteExecutor.verify(folder.file()).findings.first == "Event 3 does not have its checksum.")
  }

  @Test func itIsUndoneIfItIsCancelled() async throws {
    let folder = try TestFolder()
    try makeOlderStore(folder)
    let running = Mutex<Task<SQLiteExecutor, any Error>?>(nil)
    var configuration = SQLiteConfiguration()
    // Called before the first statement of the upgrade.
    configuration.notify = { _ in running.withLock { $0 }?.cancel() }
    let (ready, begin) = AsyncStream<Void>.makeStream()
    let (file, cancelling) = (folder.file(), configuration)
    let opening = Task {
      for await _ in ready {}
      return try await SQLiteExecutor.open(file, configuration: cancelling)
    }
    running.withLock { $0 = opening }
    begin.finish()
    await #expect(throws: CancellationError.self) { try await opening.value }

    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.sqlite"])
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    #expect(try connection.integer("PRAGMA user_version") == 1)
    #expect(try connection.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'posting'") == 0)
    #expect(try connection.first("PRAGMA integrity_check") { $0.text(0) } == "ok")
    connection.close()
    let store = try await SQLiteExecutor.open(folder.file())
    #expect(try await store.eventCount() == 900)
    await store.close()
  }

  /// One of 900 event names, as schema 1 has it.
  private func makeOlderStore(_ folder: TestFolder) throws {
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(
      """
      PRAGMA application_id = \(Schema.applicationID);
      PRAGMA user_version = 1;
      \(Schema.migrations[0])
      INSERT INTO store (origin, probe) VALUES (1, 0);
      CREATE TEMP TABLE number AS
        WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 900) SELECT n FROM number;
      INSERT INTO text (id, value) SELECT n, 'text ' || n FROM number;
      INSERT INTO kind (id, type, name) SELECT n, 1, n FROM number;
      INSERT INTO lane (id, routing_key, kind) SELECT n, 2, n FROM number;
      INSERT INTO aggregate (id, type, key) VALUES (1, 1, 'a');
      INSERT INTO event SELECT n, n, randomblob(16), 1, n, n, n, 0, 1, NULL, x'31' FROM number;
      """)
    connection.close()
  }
}
