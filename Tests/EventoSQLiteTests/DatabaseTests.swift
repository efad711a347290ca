import Evento
import Foundation
import Testing

@testable import EventoSQLite

/// What the file is, and what happens where it can't be had.
@Suite struct DatabaseTests {
  @Test func anAnsweredWriteIsSynced() async throws {
    try await withStore { store in
      let (journal, synchronous) = try await store.writer.perform { session in
        let connection = session.connection
        return (
          try connection.first("PRAGMA journal_mode") { $0.text(0) }, try connection.integer("PRAGMA synchronous")
        )
      }
      #expect(journal == "wal")
      // 2 is FULL: https://sqlite.org/pragma.html#pragma_synchronous
      #expect(synchronous == 2)
    }
  }

  #if os(Linux)
    /// The store's file is mapped where that is asked for, and reads give the same events with and without, however far
    /// the file has grown past what is mapped.
    @Test(arguments: [0, 64 << 10, 64 << 20] as [Int64])
    func readsMapWhatTheyAreAllowedTo(_ bytes: Int64) async throws {
      let folder = try TestFolder()
      var configuration = SQLiteConfiguration()
      configuration.memoryMapBytes = bytes
      configuration.autocheckpoint = 10
      let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
      var written: [ULID] = []
      for round in 0..<20 {
        let events = (0..<10).map { number in
          NewEvent.sample("acc-\(number)", data: Payload(String(repeating: "\(round)", count: 2000)))
        }
        written += try await store.write(events).events.map(\.id)
        let log = try await store.everything()
        #expect(log.map(\.node.id) == written)
        #expect(log.last?.node.data == events.last?.data)
        let account = try await store.everything([ReadAggregator("bank/Account", id: "acc-3")])
        #expect(account.map(\.node.version) == Array(1...round + 1))
      }
      await store.close()
      // Now all of it is in the file that may be mapped, and nothing in the log beside it.
      let again = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
      #expect(try await again.everything().map(\.node.id) == written)
      // Not as a string of the file's content: the file says that it has 0 bytes, of which one read takes 4 KiB.
      let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
      let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
      #expect(maps.split(separator: "\n").contains { $0.hasSuffix(folder.file()) } == (bytes > 0))
      await again.close()
    }
  #endif

  @Test func aNewerStoreIsRefusedAndLeftAlone() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    await store.close()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA user_version = \(Schema.version + 1)")
    connection.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    let error = await failure { () throws in _ = try await SQLiteExecutor.open(folder.file()) }
    #expect(error?.code == .invalidRequest)
    #expect(error?.detail.contains("newer version") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
  }

  @Test func theDatabaseOfAnotherProgramIsRefusedAndLeftAlone() async throws {
    let folder = try TestFolder()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("CREATE TABLE notes (text TEXT)")
    connection.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    let error = await failure { () throws in _ = try await SQLiteExecutor.open(folder.file()) }
    #expect(error?.detail.contains("another program") == true)
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file())) == before)
  }

  @Test func aFileThatIsNoDatabaseAndAFolderThatIsNotThereAreRefused() async throws {
    let folder = try TestFolder()
    try Data("This is a text, and not a database. \(String(repeating: "x", count: 5000))".utf8)
      .write(to: URL(fileURLWithPath: folder.file()))
    for (path, code) in [
      (folder.file(), EventoError.Code.invalidRequest), (folder.file("absent/store.sqlite"), .unavailable),
    ] {
      let error = await failure { () throws in _ = try await SQLiteExecutor.open(path) }
      #expect(error?.code == code)
      #expect(error?.detail.contains(path) == true)
    }
  }

  @Test func aFullDiskFailsTheWriteThatFillsItAndNoOther() async throws {
    try await withStore { store in
      try await store.write([.sample("a")])
      // SQLITE_FULL, as a full disk gives it: https://sqlite.org/pragma.html#pragma_max_page_count
      try await store.writer.perform { session in
        let pages = try session.connection.integer("PRAGMA page_count") ?? 0
        try session.connection.execute("PRAGMA max_page_count = \(pages + 20)")
      }
      let big = NewEvent.sample("big", data: Payload([UInt8](repeating: 1, count: 1 << 20)))
      let outcomes = await withTaskGroup(of: (Bool, EventoError.Code?).self) { group in
        for number in 0..<40 {
          group.addTask {
            let isBig = number % 4 == 1
            let event = isBig ? big : NewEvent.sample("small-\(number)")
            let error = await failure { () throws in try await store.write([event]) }
            return (isBig, error?.code)
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.filter(\.0).allSatisfy { $0.1 == .unavailable })
      #expect(outcomes.filter { !$0.0 }.allSatisfy { $0.1 == nil })
      #expect(try await store.eventCount() == 31)

      // With room again, it goes on.
      try await store.writer.perform { try $0.connection.execute("PRAGMA max_page_count = 1000000") }
      try await store.write([big])
    }
  }

  @Test func aDatabaseHeldByAnotherProcessIsUnavailableForWritesAlone() async throws {
    var configuration = SQLiteConfiguration()
    configuration.busyTimeout = .milliseconds(20)
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    try await store.write([.sample()])
    let other = try Connection(path: folder.file(), busyTimeout: .zero)
    try other.execute("BEGIN IMMEDIATE")
    await expect(.unavailable) { () throws in try await store.write([.sample()]) }
    await expect(.unavailable) { () throws in try await store.checkReadiness() }
    #expect(try await store.everything().count == 1)
    other.rollBack()
    other.close()
    try await store.checkReadiness()
    #expect(try await store.write([.sample()]).events[0].version == 2)
    await store.close()
  }

  @Test func aDamagedDatabaseIsNotReadyUntilItIsWrittenTo() async throws {
    let folder = try TestFolder()
    let first = try await SQLiteExecutor.open(folder.file())
    try await first.write([.sample()])
    await first.close()
    let other = try Connection(path: folder.file(), busyTimeout: .seconds(5))
    let pageSize = try UInt64(#require(try other.integer("PRAGMA page_size")))
    let page = try UInt64(
      #require(try other.integer("SELECT rootpage FROM sqlite_schema WHERE name = 'event_by_id'")))
    let file = try FileHandle(forUpdating: URL(fileURLWithPath: folder.file()))
    try file.seek(toOffset: (page - 1) * pageSize)
    let whole = try #require(try file.read(upToCount: Int(pageSize)))
    try file.seek(toOffset: (page - 1) * pageSize)
    try file.write(contentsOf: Data(repeating: 0xFF, count: Int(pageSize)))

    let store = try await SQLiteExecutor.open(folder.file())
    try await store.checkReadiness()
    await expect(.internal) { () throws in try await store.write([.sample("b")]) }
    for _ in 0..<3 {
      let error = await failure { () throws in try await store.checkReadiness() }
      #expect(error?.code == .unavailable)
      #expect(error?.detail.contains("damaged") == true)
      #expect(error?.cause?.contains("event_by_id") == true || error?.cause?.contains("malformed") == true)
    }
    // A refused write commits nothing, and shows nothing.
    await expect(.missingData) { () throws in try await store.write([]) }
    await expect(.subscriberNotFound) { () throws in
      try await store.acknowledge("none", cursor: nil, lag: 0, workerID: nil)
    }
    await expect(.unavailable) { () throws in try await store.checkReadiness() }

    try file.seek(toOffset: (page - 1) * pageSize)
    try file.write(contentsOf: whole)
    // Another's commit has the writer read its pages anew.
    try other.execute("UPDATE store SET probe = probe + 1")
    try await store.write([.sample("b")])
    try await store.checkReadiness()
    other.close()
    await store.close()
  }

  /// A failure that is no damage passes: the next look tells.
  @Test func aFailureThatIsNoDamageIsForgotten() async throws {
    try await withStore { store in
      await expect(.internal) { () throws in
        try await store.writer.perform { try $0.connection.execute("INSERT INTO store VALUES (1, 'no number')") }
      }
      try await store.checkReadiness()
    }
  }

  /// 10⁹ bytes are too many for SQLite: https://sqlite.org/limits.html
  @Test func whatIsTooLargeForTheDatabaseIsRefusedAndLeavesItReady() async throws {
    try await withStore { store in
      await expect(.contentTooLarge) { () throws in
        try await store.writer.perform { try $0.connection.execute("SELECT zeroblob(2000000000)") }
      }
      try await store.checkReadiness()
    }
  }

  @Test func twoExecutorsOnOneFileShareOneLog() async throws {
    let folder = try TestFolder()
    async let opened = (SQLiteExecutor.open(folder.file()), SQLiteExecutor.open(folder.file()))
    let (one, two) = try await opened
    try await withThrowingTaskGroup { group in
      for store in [one, two] {
        group.addTask {
          for number in 0..<100 { try await store.write([.sample("shared", "N\(number % 10)")]) }
        }
      }
      try await group.waitForAll()
    }
    let log = try await one.everything()
    #expect(log.map(\.node.version) == Array(1...200))
    #expect(try await two.everything() == log)
    await one.close()
    await two.close()
  }

  @Test func closingLeavesOneFileAndRefusesWhatComesLater() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    await store.close()
    await store.close()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["store.sqlite"])
    let refusal = await failure { () throws in try await store.write([.sample()]) }
    #expect(refusal?.code == .unavailable && refusal?.isTransient == false)
    await expect(.unavailable) { () throws in _ = try await store.eventCount() }
  }

  @Test func aStoreInMemoryWorksLikeAnyOther() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    try await withThrowingTaskGroup { group in
      for writer in 0..<8 {
        group.addTask { for _ in 0..<50 { try await store.write([.sample("w\(writer)")]) } }
        group.addTask { for _ in 0..<50 { _ = try await store.read(nil, routingKey: .all, args: .forward()) } }
      }
      try await group.waitForAll()
    }
    #expect(try await store.everything().count == 400)
    await store.close()
    await expect(.unavailable) { () throws in _ = try await store.eventCount() }
  }
}
