import Evento
import Foundation
import Testing

@testable import EventoSQLite

/// Files that are not stores, or no longer: the error names the file, and nothing is changed.
@Suite struct OpeningTests {
  /// Tables of another program, with our application id.
  private static let foreign = "CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')"

  @Test(arguments: [
    ("PRAGMA user_version = -1", "schema version is -1"),
    ("PRAGMA user_version = -2147483648", "schema version is -2147483648"),
    ("PRAGMA user_version = 0", "schema version is 0"),
    ("PRAGMA user_version = 2147483647", "newer version"),
    ("PRAGMA user_version = 1; \(foreign)", "is not a complete event store"),
    ("PRAGMA user_version = \(Schema.version); \(foreign)", "is not a complete event store"),
    ("PRAGMA user_version = \(Schema.version)", "is not a complete event store"),
  ])
  func aDatabaseWithOurMarkThatIsNoStoreIsRefused(_ statements: String, _ reason: String) async throws {
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA application_id = \(Schema.applicationID); \(statements)")
    connection.close()
    try await expectRefused(folder, reason)
  }

  /// One flipped bit of a store that has events.
  @Test func aStoreWhoseVersionIsNegativeIsRefused() async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA user_version = \(Schema.version - 2_147_483_648); PRAGMA journal_mode = DELETE")
    connection.close()
    try await expectRefused(folder, "schema version is -21474836")
  }

  /// A migration of the newest version would otherwise be skipped, or fail halfway.
  @Test(arguments: ["DROP TABLE snapshot", "DROP INDEX event_by_lane", "ALTER TABLE event DROP COLUMN metadata"])
  func aStoreThatHasLostAPartIsRefused(_ statement: String) async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(statement + "; PRAGMA journal_mode = DELETE")
    connection.close()
    try await expectRefused(folder, "is not a complete event store")
  }

  /// To bring it up to date would fail halfway.
  @Test func aStoreWhoseVersionWasLoweredIsRefused() async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA user_version = 1")
    connection.close()
    try await expectRefused(folder, "its schema version is 1, but it has \"")
  }

  @Test(arguments: ["DELETE FROM store", "INSERT INTO store VALUES (1, 0)"])
  func aStoreThatIsNotOneStoreIsRefused(_ statement: String) async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(statement)
    connection.close()
    try await expectRefused(folder, "its table \"store\" does not have exactly one row")
  }

  /// Of another program that has dropped its tables, or has none yet.
  @Test func anEmptyDatabaseOfAnotherEncodingIsRefused() async throws {
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a); DROP TABLE t")
    connection.close()
    try await expectRefused(folder, "text encoding UTF-16")
  }

  /// An operator may have an index of his own, and ANALYZE leaves a table.
  @Test func aStoreWithMoreThanItsOwnIsOpened() async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("CREATE INDEX own ON event (timestamp); ANALYZE")
    connection.close()
    let store = try await SQLiteExecutor.open(folder.file())
    #expect(try await store.eventCount() == 1)
    await store.close()
  }

  /// Not even a log that its program has left beside it is moved into it.
  @Test func anotherProgramsLogStaysWhereItIs() async throws {
    let folder = try TestFolder()
    let other = try Connection(path: folder.file("other"), busyTimeout: .zero)
    try other.execute("PRAGMA journal_mode = WAL; \(Self.foreign)")
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: folder.file("other") + suffix, toPath: folder.file() + suffix)
    }
    other.close()
    try await expectRefused(folder, "another program")
  }

  @Test func aDamagedFileIsCalledDamaged() async throws {
    let folder = try TestFolder()
    try await makeStore(folder)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    bytes.replaceSubrange(100..<4096, with: Data(repeating: 0xA5, count: 3996))
    try bytes.write(to: URL(fileURLWithPath: folder.file()))
    let error = await failure { _ = try await SQLiteExecutor.open(folder.file()) }
    #expect(error?.detail.hasPrefix(folder.file() + " is damaged (") == true, "\(error?.detail ?? "-")")
    #expect(error?.detail.contains("its folder") == false)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == bytes)
  }

  @Test func aFolderIsCalledAFolder() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    let errors = [
      await failure { _ = try await SQLiteExecutor.open(folder.path) },
      await failure {
        _ = try await SQLiteExecutor.backUp(folder.path, to: folder.file("copy"))
      },
      await failure { _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.path) },
      await failure {
        _ = try await SQLiteExecutor.restore(folder.path, from: folder.file())
      },
    ]
    for error in errors {
      #expect(error?.detail.hasPrefix("\(folder.path) is a folder.") == true, "\(error?.detail ?? "-")")
    }
  }

  @Test func aMissingOrEmptyDatabaseIsRefusedIfItMustExist() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.createsDatabase = false
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    // A database, and no table in it.
    let other = try Connection(path: folder.file("bare"), busyTimeout: .zero)
    try other.execute("PRAGMA journal_mode = WAL")
    other.close()
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    for name in ["missing", "empty", "bare"] {
      let error = await failure {
        _ = try await SQLiteExecutor.open(folder.file(name), configuration: configuration)
      }
      #expect(error?.code == .unavailable && error?.detail.contains(folder.file(name)) == true)
      #expect(error?.detail.contains("`createsDatabase = false` forbids creating one") == true)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)

    let new = try await SQLiteExecutor.open(folder.file())
    #expect(new.isNew)
    await new.close()
    let old = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    #expect(!old.isNew)
    await old.close()
  }

  private func makeStore(_ folder: TestFolder) async throws {
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    await store.close()
  }

  /// The file and the log beside it stay as they are, and `restore` and `backup` refuse it too.
  private func expectRefused(_ folder: TestFolder, _ reason: String) async throws {
    func content() throws -> [Data?] {
      try [folder.file(), folder.file() + "-wal"].map { path in
        FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: URL(fileURLWithPath: path)) : nil
      }
    }
    let before = try content()
    let whole = try await SQLiteExecutor.open(folder.file("whole"))
    await whole.close()
    let errors = [
      await failure { _ = try await SQLiteExecutor.open(folder.file()) },
      await failure {
        _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
      },
      await failure {
        _ = try await SQLiteExecutor.restore(folder.file(), from: folder.file("whole"), replacing: true)
      },
    ]
    for error in errors {
      #expect(error?.code == .invalidRequest)
      #expect(error?.detail.contains(folder.file()) == true, "\(error?.detail ?? "-")")
      #expect(error?.detail.contains(reason) == true, "\(error?.detail ?? "-")")
    }
    #expect(try content() == before)
  }
}
