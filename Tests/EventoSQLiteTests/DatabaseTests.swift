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

  @Test func aNewerStoreIsRefusedAndLeftAlone() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    await store.close()
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute("PRAGMA user_version = \(Schema.version + 1)")
    connection.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file()))
    let error = await failure { () throws(EventoError) in _ = try await SQLiteExecutor.open(folder.file()) }
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
    let error = await failure { () throws(EventoError) in _ = try await SQLiteExecutor.open(folder.file()) }
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
      let error = await failure { () throws(EventoError) in _ = try await SQLiteExecutor.open(path) }
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
            let error = await failure { () throws(EventoError) in try await store.write([event]) }
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
    await expect(.unavailable) { () throws(EventoError) in try await store.write([.sample()]) }
    await expect(.unavailable) { () throws(EventoError) in try await store.checkReadiness() }
    #expect(try await store.everything().count == 1)
    other.rollBack()
    other.close()
    try await store.checkReadiness()
    #expect(try await store.write([.sample()]).events[0].version == 2)
    await store.close()
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
    let refusal = await failure { () throws(EventoError) in try await store.write([.sample()]) }
    #expect(refusal?.code == .unavailable && refusal?.isPassing == false)
    await expect(.unavailable) { () throws(EventoError) in _ = try await store.eventCount() }
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
    await expect(.unavailable) { () throws(EventoError) in _ = try await store.eventCount() }
  }
}
