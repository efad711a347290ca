import Evento
import Foundation
import Synchronization
import Testing

@testable import EventoSQLite

/// Copies that are broken off, or end with a failure.
@Suite struct CancelledCopyTests {
  /// Large enough for many looks at how far a copy is.
  private func makeStore(_ folder: TestFolder) async throws -> SQLiteExecutor {
    let store = try await SQLiteExecutor.open(folder.file())
    for number in 0..<40 {
      try await store.write(
        (0..<100).map { .sample("acc-\(number)-\($0)", data: Payload([UInt8](repeating: 7, count: 4000))) })
    }
    return store
  }

  @Test func aCopySaysHowFarItIs() async throws {
    let folder = try TestFolder()
    let store = try await makeStore(folder)
    for isRestore in [false, true] {
      let shares = Mutex<[Double]>([])
      let progress = { @Sendable (share: Double) in shares.withLock { $0.append(share) } }
      if isRestore {
        await store.close()
        _ = try await SQLiteExecutor.restore(
          folder.file(), from: folder.file("copy"), replacing: true, progress: progress)
      } else {
        _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"), progress: progress)
      }
      let seen = shares.withLock { $0 }
      #expect(seen.count > 2 && seen == seen.sorted() && seen.allSatisfy { (0...1).contains($0) })
      #expect(seen.contains { $0 > 0.2 && $0 < 0.8 })
    }
  }

  @Test func aCancelledBackupLeavesNothing() async throws {
    let folder = try TestFolder()
    let store = try await makeStore(folder)
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let error = await cancelledWithinTheCopy { progress in
      _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"), progress: progress)
    }
    #expect(error?.detail == "Cancelled. \(folder.file("copy")) was not created.")
    #expect(error?.isTransient == false)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
    await store.close()
  }

  @Test func aCancelledRestoreChangesNothing() async throws {
    let folder = try TestFolder()
    let store = try await makeStore(folder)
    _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
    try await store.write([.sample()])
    await store.close()
    let error = await cancelledWithinTheCopy { progress in
      _ = try await SQLiteExecutor.restore(
        folder.file(), from: folder.file("copy"), replacing: true, progress: progress)
    }
    #expect(error?.detail == "Cancelled. \(folder.file()) was not changed.")
    let again = try await SQLiteExecutor.open(folder.file())
    #expect(try await again.eventCount() == 4001)
    await again.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(names == ["copy", "store.sqlite"])
  }

  /// A file that was there, and had nothing in it, has nothing in it then.
  @Test func aCancelledRestoreLeavesAnEmptyFileEmpty() async throws {
    let folder = try TestFolder()
    let store = try await makeStore(folder)
    await store.close()
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    let error = await cancelledWithinTheCopy { progress in
      _ = try await SQLiteExecutor.restore(folder.file("empty"), from: folder.file(), progress: progress)
    }
    #expect(error?.detail == "Cancelled. \(folder.file("empty")) was not changed.")
    #expect(FileSystem.size(folder.file("empty")) == 0)

    let failure = SQLiteFailure(code: 13, message: "database or disk is full", action: "copy a database")
    let outcome = Restoration(isReplacing: false, setting: "--replace").outcome(
      of: failure, folder.file("empty"), folder.file(), before: 0, CancellableWork())
    #expect(
      outcome.detail
        == "\(folder.file("empty")) was not restored (database or disk is full), and is still empty. Free some space "
        + "on its disk.")
  }

  /// The log ends where the backup's does, so that only what is beside it tells the old content from the new.
  @Test func aCancelledRestoreOfAnEqualLogChangesNothing() async throws {
    let folder = try TestFolder()
    let store = try await makeStore(folder)
    _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
    try await store.upsertSubscriber("later", workerID: ULID())
    await store.close()
    let error = await cancelledWithinTheCopy { progress in
      _ = try await SQLiteExecutor.restore(
        folder.file(), from: folder.file("copy"), replacing: true, progress: progress)
    }
    #expect(error?.detail == "Cancelled. \(folder.file()) was not changed.")
    let again = try await SQLiteExecutor.open(folder.file())
    #expect(try await again.subscriber("later") != nil)
    await again.close()
  }

  /// SQLite may report a failure of the last sync, when the copy is in its place. The log of the copy ends where that of
  /// the database does.
  @Test func aFailureSaysWhatHasBecomeOfTheDatabase() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
    await store.close()
    let look = try DatabaseFile.look(at: folder.file())
    let before = try look.contentVersion()
    look.close()
    let failure = SQLiteFailure(code: 1290, message: "disk I/O error", action: "copy a database")
    func outcome() -> String {
      Restoration(isReplacing: true, setting: "--replace").outcome(
        of: failure, folder.file(), folder.file("copy"), before: before, CancellableWork()
      ).detail
    }
    #expect(outcome().hasPrefix("\(folder.file()) was not restored (disk I/O error), and still has its old content."))
    _ = try await SQLiteExecutor.restore(folder.file(), from: folder.file("copy"), replacing: true)
    #expect(outcome().hasPrefix("\(folder.file()) was restored from \(folder.file("copy")), but the disk"))
  }

  /// Cancels once the copy has begun.
  private func cancelledWithinTheCopy(
    _ body: @escaping @Sendable (@escaping @Sendable (Double) -> Void) async throws -> Void
  ) async -> EventoError? {
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let isCancelled = DispatchSemaphore(value: 0)
    let copy = Task {
      try await body { share in
        guard share > 0 else { return }
        begin.finish()
        // The copy waits here until it is cancelled.
        isCancelled.wait()
        isCancelled.signal()
      }
    }
    for await _ in begun {}
    copy.cancel()
    isCancelled.signal()
    do {
      try await copy.value
      return nil
    } catch {
      return error as? EventoError
    }
  }
}
