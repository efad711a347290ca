import Evento
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
