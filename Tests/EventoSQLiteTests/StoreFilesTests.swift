import Evento
import Foundation
import Synchronization
import Testing

@testable import EventoSQLite

/// Files that are removed or replaced while a store has them open, and a log that must stay short.
@Suite struct StoreFilesTests {
  private final class Notices: Sendable {
    private let notices = Mutex<[SQLiteNotice]>([])

    var all: [SQLiteNotice] { notices.withLock { $0 } }

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
    let health = WriterHealth(patience: .seconds(5))
    health.failed(SQLiteFailure(code: 13, message: "full", action: "write"))
    health.committed(hasWritten: false, hasAddedEvents: false)
    if case .well = health.verdict { Issue.record("a full disk is not ready") }
    health.committed(hasWritten: true, hasAddedEvents: false)
    if case .well = health.verdict { return }
    Issue.record("it has committed")
  }
}

/// Checkpoints that fail for long make a store unready, until one succeeds.
@Suite struct WriterHealthTests {
  @Test func checkpointsThatFailForLongAreTold() {
    let health = WriterHealth(patience: .seconds(5))
    let error = EventoError(.unavailable, "no", cause: "the disk")
    health.checkpoints(failing: (.now - .seconds(29), error))
    #expect(health.checkpointFailure == nil)
    health.checkpoints(failing: (.now - .seconds(31), error))
    #expect(health.checkpointFailure?.code == .unavailable && health.checkpointFailure?.cause == "the disk")
    health.checkpoints(failing: nil)
    #expect(health.checkpointFailure == nil)
  }
}
