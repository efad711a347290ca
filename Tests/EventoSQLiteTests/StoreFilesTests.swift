import Evento
import Foundation
import Synchronization
import Testing

@testable import EventoSQLite

/// Files that are removed or replaced while a store has them open, and a log that must stay short.
@Suite struct StoreFilesTests {
  private final class Notices: Sendable {
    private let notices = Mutex<[StoreNotice]>([])

    var all: [StoreNotice] { notices.withLock { $0 } }

    var configuration: SQLiteConfiguration {
      var configuration = SQLiteConfiguration()
      configuration.notify = { notice in self.notices.withLock { $0.append(notice) } }
      return configuration
    }
  }

  enum Displacement: CaseIterable {
    case databaseRemoved
    case databaseReplaced
    case logRemoved
    case sharedMemoryRemoved
    case folderMoved

    func happen(in folder: TestFolder) throws {
      let files = FileManager.default
      switch self {
      case .databaseRemoved: try files.removeItem(atPath: folder.file())
      case .databaseReplaced:
        try files.copyItem(atPath: folder.file(), toPath: folder.file("other"))
        try #require(rename(folder.file("other"), folder.file()) == 0)
      case .logRemoved: try files.removeItem(atPath: folder.file() + "-wal")
      case .sharedMemoryRemoved: try files.removeItem(atPath: folder.file() + "-shm")
      case .folderMoved: try files.moveItem(atPath: folder.path, toPath: folder.path + "-moved")
      }
    }
  }

  @Test(arguments: Displacement.allCases) func whatHasNoNameOnDiskIsNotAnswered(displacement: Displacement) async throws
  {
    let (folder, notices) = (try TestFolder(), Notices())
    let store = try await SQLiteExecutor.open(folder.file(), configuration: notices.configuration)
    try await store.write([.sample()])
    try await store.checkReadiness()
    try displacement.happen(in: folder)
    let error = await failure { () throws in try await store.write([.sample()]) }
    #expect(error?.code == .unavailable)
    #expect(error?.detail.contains("removed or replaced") == true, "\(String(describing: error))")
    for _ in 1...2 {
      await expect(.unavailable) { () throws in try await store.write([.sample()]) }
      await expect(.unavailable) { () throws in try await store.checkReadiness() }
    }
    await store.close()
    #expect(notices.all.filter { $0.level == .failure && $0.message.contains("removed or replaced") }.count == 1)
    if displacement == .folderMoved { try? FileManager.default.removeItem(atPath: folder.path + "-moved") }
  }

  enum Link: CaseIterable {
    case file
    case folder
  }

  /// As a deployment does it that makes `current` lead to another version.
  @Test(arguments: Link.allCases) func aLinkThatLeadsElsewhereIsNoticed(link: Link) async throws {
    let (folder, files) = (try TestFolder(), FileManager.default)
    for name in ["v1", "v2"] {
      try files.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
    }
    func point(to version: String) throws {
      let target = link == .folder ? version : "\(version)/store.sqlite"
      try? files.removeItem(atPath: folder.file("current"))
      try files.createSymbolicLink(atPath: folder.file("current"), withDestinationPath: target)
    }
    try point(to: "v1")
    let path = link == .folder ? folder.file("current/store.sqlite") : folder.file("current")
    let store = try await SQLiteExecutor.open(path)
    try await store.write([.sample()])
    try point(to: "v2")
    let error = await failure { () throws in try await store.write([.sample()]) }
    #expect(error?.detail.contains("leads to another file than") == true, "\(error?.detail ?? "no error")")
    // A client sees the detail, and only the log the cause.
    #expect(error?.cause?.contains(path) == true && error?.detail.contains(path) == false)
    await expect(.unavailable) { () throws in try await store.checkReadiness() }
    await store.close()
  }

  /// Who moves a file and leaves a link to it has the same file.
  @Test func aFileThatIsMovedBehindALinkIsTheSame() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    try FileManager.default.moveItem(atPath: folder.file(), toPath: folder.file("moved"))
    try FileManager.default.createSymbolicLink(atPath: folder.file(), withDestinationPath: folder.file("moved"))
    try await store.write([.sample()])
    await store.close()
  }

  enum Cut: CaseIterable {
    case logEmptied
    case logShortened
    case databaseEmptied
    case databaseShortened
    case databaseWrittenOver

    func happen(in folder: TestFolder) throws {
      switch self {
      case .logEmptied: try #require(truncate(folder.file() + "-wal", 0) == 0)
      case .logShortened: try #require(truncate(folder.file() + "-wal", 8192) == 0)
      case .databaseEmptied: try #require(truncate(folder.file(), 0) == 0)
      case .databaseShortened:
        try #require(truncate(folder.file(), off_t(FileSystem.size(folder.file()) - 4096)) == 0)
      case .databaseWrittenOver:
        // As `cp` does it: onto the same file.
        let other = try Data(contentsOf: URL(fileURLWithPath: folder.file("older")))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file()))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: other)
        try file.close()
      }
    }
  }

  /// The name leads to the same file, which has lost what was in it.
  @Test(arguments: Cut.allCases, [false, true]) func aFileThatWasCutIsNotWrittenTo(
    cut: Cut, isIdle: Bool
  ) async throws {
    let (folder, notices) = (try TestFolder(), Notices())
    var configuration = notices.configuration
    configuration.autocheckpoint = 50
    let older = try await SQLiteExecutor.open(folder.file("older"))
    try await older.write([.sample()])
    await older.close()
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    // Until the log has been moved into the database, and some more.
    let data = Payload([UInt8](repeating: 7, count: 40_000))
    for number in 0..<12 { try await store.write([.sample("a\(number)", data: data)]) }
    try cut.happen(in: folder)
    func content() throws -> [Data] {
      try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: folder.file() + $0)) }
    }
    let left = try content()
    if !isIdle {
      let error = await failure { () throws in try await store.write([.sample()]) }
      #expect(error?.detail.contains("was truncated or overwritten") == true, "\(error?.detail ?? "no error")")
      for _ in 1...2 {
        await expect(.unavailable) { () throws in try await store.write([.sample()]) }
        await expect(.unavailable) { () throws in try await store.checkReadiness() }
      }
    }
    await store.close()
    #expect(
      notices.all.filter { $0.level == .failure && $0.message.contains("was truncated or overwritten") }.count == 1)
    // Nothing is moved from one into the other, which could mix two databases.
    #expect(try content() == left)
  }

  /// Files that were cut while no store had them open.
  @Test func aStoreThatLacksPagesIsNotOpened() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.autocheckpoint = 10
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    let data = Payload([UInt8](repeating: 7, count: 40_000))
    for number in 0..<60 { try await store.write([.sample("a\(number)", data: data)]) }
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: folder.file() + suffix, toPath: folder.file("copy") + suffix)
    }
    await store.close()
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file("copy")))
    try file.truncate(atOffset: 40 * 4096)
    try file.close()
    let error = await failure { () throws in _ = try await SQLiteExecutor.open(folder.file("copy")) }
    #expect(error?.detail.contains("is damaged (it has 40 of its") == true, "\(error?.detail ?? "no error")")
  }

  /// The database may shrink from then on.
  @Test func anotherProcessMaySwitchAutomaticVacuumOn() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let cursor = try await store.write([.sample()]).events[0].cursor
    let other = try Connection(path: folder.file(), busyTimeout: .seconds(5))
    try other.execute("PRAGMA auto_vacuum = FULL; VACUUM")
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    try await store.saveSnapshot(
      key, Snapshot(data: Payload([UInt8](repeating: 7, count: 4_000_000)), cursor: cursor))
    _ = try other.all("PRAGMA wal_checkpoint(TRUNCATE)") { $0.integer(0) }
    try await store.write([.sample("a")])
    try await store.deleteSnapshot(key)
    _ = try other.all("PRAGMA wal_checkpoint(FULL)") { $0.integer(0) }
    try await store.write([.sample("b")])
    #expect(try await store.eventCount() == 3)
    other.close()
    await store.close()
  }

  /// Other processes may move the log, cut it and shrink the database.
  @Test func whatOthersDoToTheFilesIsNoCut() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.autocheckpoint = 40
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    let other = try Connection(path: folder.file(), busyTimeout: .seconds(5))
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    let cursor = try await store.write([.sample()]).events[0].cursor
    let data = Payload([UInt8](repeating: 7, count: 400_000))
    for round in 0..<6 {
      try await store.saveSnapshot(key, Snapshot(data: data, cursor: cursor))
      for number in 0..<5 { try await store.write([.sample("a\(number)")]) }
      try await store.deleteSnapshot(key)
      for statement in [
        "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(RESTART)", "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM; PRAGMA wal_checkpoint(PASSIVE)",
        "PRAGMA journal_size_limit = 0; UPDATE store SET probe = 0; PRAGMA wal_checkpoint(RESTART); UPDATE store SET probe = 1",
      ].shuffled() {
        try other.execute(statement)
        // A commit of nothing tells nothing of the log.
        await expect(.invalidOriginalVersion) { () throws in
          try await store.write([.sample("b\(round)", version: 99)])
        }
        try await store.write([.sample("b\(round)")])
        try await store.checkReadiness()
      }
    }
    other.close()
    await store.close()
    let again = try await SQLiteExecutor.open(folder.file())
    #expect(try await again.eventCount() == 1 + 6 * 12)
    await again.close()
  }

  /// An idle store finds out by its probe alone.
  @Test func readinessTellsOfARemovedFile() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.checkReadiness()
    try FileManager.default.removeItem(atPath: folder.file())
    // Until the last commit, that of the first probe, counts no more.
    var error: EventoError?
    let deadline = ContinuousClock.now + .seconds(10)
    while error == nil, ContinuousClock.now < deadline {
      error = await failure { () throws in try await store.checkReadiness() }
      await Task.yield()
    }
    #expect(error?.code == .unavailable)
    #expect(error?.detail.contains("This write") == false, "a probe is no write")
    await store.close()
  }

  private final class Writing: Sendable {
    let isOver = Atomic(false)
  }

  /// Writes that wait together do not make one commit that is longer than the log may be.
  @Test func manyLargeWritesShareNoLongCommit() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let payload = Payload(#"""# + String(repeating: "x", count: 5 << 20) + #"""#)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<12 { group.addTask { try await store.write([.sample("e\(number)", data: payload)]) } }
      try await group.waitForAll()
    }
    let attributes = try FileManager.default.attributesOfItem(atPath: folder.file() + "-wal")
    #expect((attributes[.size] as? Int) ?? 0 < 64 << 20)
    await store.close()
  }

  /// A removed file is reported at the stop too, though nothing was written since.
  @Test func aRemovedFileIsReportedAtTheStop() async throws {
    let (folder, notices) = (try TestFolder(), Notices())
    let store = try await SQLiteExecutor.open(folder.file(), configuration: notices.configuration)
    try await store.write([.sample()])
    try FileManager.default.removeItem(atPath: folder.file())
    await store.close()
    #expect(notices.all.contains { $0.level == .failure && $0.message.contains("was removed or replaced") })
  }

  /// Overlapping readers, each with large pages: the log stays within four times the threshold, and its file shrinks.
  @Test func theLogStaysShortWhileReadsOverlap() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.autocheckpoint = 250
    configuration.readers = 4
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    let payload = Payload(#"""# + String(repeating: "x", count: 20_000) + #"""#)
    for number in 0..<20 { try await store.write((0..<10).map { .sample("a\(number)-\($0)", data: payload) }) }
    let bound = 4 * configuration.autocheckpoint * (4096 + 24)
    let writing = Writing()
    var largest = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<6 {
        group.addTask {
          while !writing.isOver.load(ordering: .relaxed) {
            _ = try await store.read(nil, routingKey: .all, args: .backward(last: 200))
          }
        }
      }
      for number in 0..<400 {
        try await store.write([.sample("b\(number)", data: payload)])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file() + "-wal")
        largest = max(largest, (attributes[.size] as? Int) ?? 0)
      }
      writing.isOver.store(true, ordering: .relaxed)
      try await group.waitForAll()
    }
    // Eight times the threshold was written.
    #expect(largest < bound, "the log had \(largest) bytes")
    await store.close()
  }

  /// Each of these takes longer than the writer waits for readers of other processes, and they overlap.
  @Test func theLogStaysShortWhileLongReadsOverlap() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.autocheckpoint = 100
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    let payload = Payload(#"""# + String(repeating: "x", count: 20_000) + #"""#)
    try await store.write([.sample()])
    let bound = 4 * configuration.autocheckpoint * (4096 + 24)
    let writing = Writing()
    var largest = 0
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<4 {
        group.addTask {
          while !writing.isOver.load(ordering: .relaxed) {
            let count = try await store.viewPage(
              nil, routingKey: .all, args: .forward(first: 1), into: { SlowReader(milliseconds: 1300 + 100 * number) })
            #expect(count == 1)
          }
        }
      }
      for number in 0..<70 {
        try await store.write([.sample("b\(number)", data: payload)])
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.file() + "-wal")
        largest = max(largest, (attributes[.size] as? Int) ?? 0)
      }
      writing.isOver.store(true, ordering: .relaxed)
      try await group.waitForAll()
    }
    // More than five times the threshold was written.
    #expect(largest < bound, "the log had \(largest) bytes")
    await store.close()
  }

  /// Keeps its read, and with it the transaction, for some time.
  private struct SlowReader: PageBuilder {
    let milliseconds: Int
    var count = 0

    mutating func add(_ event: borrowing EventView) -> Bool {
      count += 1
      Thread.sleep(forTimeInterval: Double(milliseconds) / 1000)
      return true
    }

    mutating func finish(_ info: PageInfo) -> Int { count }
  }

  /// A reader that never ends, as a backup: commits go on, and the log shrinks once it has ended.
  @Test func aLongReadHoldsTheLogAndNotTheWriter() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.autocheckpoint = 100
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    try await store.write([.sample()])
    let payload = Payload(#"""# + String(repeating: "x", count: 20_000) + #"""#)
    func logBytes() throws -> Int {
      (try FileManager.default.attributesOfItem(atPath: folder.file() + "-wal")[.size] as? Int) ?? 0
    }
    let reader = try Connection(readingFrom: folder.file(), busyTimeout: .zero)
    try reader.beginSnapshot()
    _ = try reader.integer("SELECT count(*) FROM event")
    for number in 0..<200 { try await store.write([.sample("c\(number)", data: payload)]) }
    #expect(try logBytes() > 4 * 100 * 4120)
    reader.close()
    for number in 0..<200 { try await store.write([.sample("d\(number)", data: payload)]) }
    #expect(try logBytes() <= 4 * 100 * 4120)
    #expect(try await store.eventCount() == 401)
    await store.close()
  }
}

/// What the writer's outcomes tell of the store.
@Suite struct WriterOutcomeTests {
  /// A commit of nothing, as of a request that is refused, needs no disk.
  @Test func aCommitOfNothingTellsNothing() {
    let health = WriterHealth(stuckAfter: .seconds(5))
    health.failed(SQLiteFailure(code: 13, message: "full", action: "write"))
    health.committed(hasWritten: false, hasAddedEvents: false)
    if case .healthy = health.verdict { Issue.record("a full disk is not ready") }
    health.committed(hasWritten: true, hasAddedEvents: false)
    if case .healthy = health.verdict { return }
    Issue.record("it has committed")
  }
}

/// Checkpoints that fail for long make a store unready, until one succeeds.
@Suite struct WriterHealthTests {
  @Test func checkpointsThatFailForLongAreTold() {
    let health = WriterHealth(stuckAfter: .seconds(5))
    let error = EventoError(.unavailable, "no", cause: "the disk")
    health.checkpoints(failing: (.now - .seconds(29), error))
    #expect(health.checkpointFailure == nil)
    health.checkpoints(failing: (.now - .seconds(31), error))
    #expect(health.checkpointFailure?.code == .unavailable && health.checkpointFailure?.cause == "the disk")
    health.checkpoints(failing: nil)
    #expect(health.checkpointFailure == nil)
  }
}
