import Evento
import Foundation
import Testing

@testable import EventoSQLite

/// A copy is the store of one moment, or there is none.
@Suite struct BackupTests {
  @Test func aCopyOfAStoreThatIsOpenIsThatStore() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let events = (0..<50).map { number in
      NewEvent.sample("acc-\(number)", data: Payload([UInt8](repeating: UInt8(number), count: 1000)))
    }
    let cursor = try await store.write(events).events[20].cursor
    let key = SnapshotKey(type: "t", revision: "1", id: "i")
    try await store.saveSnapshot(key, Snapshot(data: Payload("{}"), cursor: cursor))
    try await store.upsertSubscriber("s", workerID: ULID())
    let subscriber = try await store.acknowledge("s", cursor: cursor)
    let original = try await store.everything()

    let copied = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy.sqlite"))
    #expect(copied.events == 50)
    #expect(copied.bytes == size(folder.file("copy.sqlite")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4, "two stores, a log, its index")
    try await store.write([.sample()])

    let copy = try await SQLiteExecutor.open(folder.file("copy.sqlite"))
    #expect(try await copy.everything() == original)
    #expect(try await copy.everything(from: .after(cursor)).count == 29)
    #expect(try await copy.getSnapshot(key)?.cursor == cursor)
    #expect(try await copy.subscriber("s") == subscriber)
    try await copy.write([.sample()])
    await copy.close()
    await store.close()
  }

  @Test func aCopyIsNoMoreOpenThanTheStore() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    for mode in [0o600, 0o640, 0o664] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.file())
      let copy = folder.file("copy-\(mode).sqlite")
      _ = try await SQLiteExecutor.backUp(folder.file(), to: copy)
      #expect(try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int == mode)
    }
  }

  @Test func whatCannotBeCopiedLeavesNothingBehind() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    try Data("kept".utf8).write(to: URL(fileURLWithPath: folder.file("there")))
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file("nowhere"))
    try Data("This is a text.".utf8).write(to: URL(fileURLWithPath: folder.file("text")))
    try Data().write(to: URL(fileURLWithPath: folder.file("empty")))
    let other = try Connection(path: folder.file("other"), busyTimeout: .zero)
    try other.execute("CREATE TABLE notes (text TEXT)")
    other.close()
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    for (source, target, code) in [
      ("store.sqlite", "there", EventoError.Code.invalidRequest), ("store.sqlite", "link", .invalidRequest),
      ("store.sqlite", "store.sqlite", .invalidRequest), ("store.sqlite", "absent/copy", .unavailable),
      ("absent", "copy", .invalidRequest), ("text", "copy", .invalidRequest), ("empty", "copy", .invalidRequest),
      ("other", "copy", .invalidRequest),
    ] {
      let error = await failure { () throws in
        _ = try await SQLiteExecutor.backUp(folder.file(source), to: folder.file(target))
      }
      #expect(error?.code == code, "\(source) to \(target): \(error?.detail ?? "no error")")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
    }
    #expect(try String(contentsOfFile: folder.file("there"), encoding: .utf8) == "kept")
    await store.close()
  }

  @Test func aCopyIsPutBackAndYoungerCursorsAreRefused() async throws {
    let folder = try TestFolder()
    let (file, copy) = (folder.file(), folder.file("copy.sqlite"))
    let store = try await SQLiteExecutor.open(file)
    let kept = try await store.write([.sample()]).events[0].cursor
    _ = try await SQLiteExecutor.backUp(file, to: copy)
    let lost = try await store.write([.sample(), .sample()]).events[1].cursor
    let open = await failure { () throws in
      _ = try await SQLiteExecutor.restore(file, from: copy, replacing: true)
    }
    #expect(open?.code == .unavailable && open?.detail.contains("another process") == true)
    await store.close()

    let unasked = await failure { () throws in _ = try await SQLiteExecutor.restore(file, from: copy) }
    #expect(unasked?.code == .invalidRequest && unasked?.detail.contains("3 events") == true)
    for replacing in [true, false] {
      // The second time there is no database any more.
      let restored = try await SQLiteExecutor.restore(file, from: copy, replacing: replacing)
      #expect(restored.events == 1 && restored.bytes == size(file))
      let again = try await SQLiteExecutor.open(file)
      #expect(try await again.everything(from: .after(kept)).isEmpty)
      await expect(.cursorNotInHistory) { () throws in
        _ = try await again.read(nil, routingKey: .all, args: .forward(after: .after(lost)))
      }
      try await again.write([.sample()])
      await again.close()
      if replacing { try FileManager.default.removeItem(atPath: file) }
    }
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    #expect(left == ["copy.sqlite", "store.sqlite"])
  }

  /// What a log that was left behind would do to a file that is copied by hand, and that it can't do here.
  @Test func aLogThatWasLeftBehindIsNotPlayedOntoTheCopy() async throws {
    let folder = try TestFolder()
    let (file, copy) = (folder.file(), folder.file("copy.sqlite"))
    let store = try await SQLiteExecutor.open(file)
    try await store.write([.sample()])
    _ = try await SQLiteExecutor.backUp(file, to: copy)
    try await store.write([.sample()])
    // As after a kill: both files as they are while it is open.
    for name in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: file + name, toPath: folder.file("left") + name)
    }
    await store.close()
    #expect(try await SQLiteExecutor.restore(folder.file("left"), from: copy, replacing: true).events == 1)
    #expect(!FileManager.default.fileExists(atPath: folder.file("left-wal")))

    try FileManager.default.removeItem(atPath: folder.file("left"))
    try Data("whatever is left".utf8).write(to: URL(fileURLWithPath: folder.file("left-wal")))
    let error = await failure { () throws in
      _ = try await SQLiteExecutor.restore(folder.file("left"), from: copy, replacing: true)
    }
    #expect(error?.code == .invalidRequest && error?.detail.contains("left-wal") == true)
    #expect(!FileManager.default.fileExists(atPath: folder.file("left")))
  }

  @Test func whatIsNoWholeBackupIsNotPutAnywhere() async throws {
    let folder = try TestFolder()
    let (file, copy) = (folder.file(), folder.file("copy.sqlite"))
    let store = try await SQLiteExecutor.open(file)
    try await store.write((0..<100).map { .sample("acc-\($0)", data: Payload([UInt8](repeating: 7, count: 1000))) })
    _ = try await SQLiteExecutor.backUp(file, to: copy)
    await store.close()
    var bytes = try Data(contentsOf: URL(fileURLWithPath: copy))
    bytes.replaceSubrange(bytes.count / 2..<bytes.count / 2 + 20_000, with: Data(repeating: 0xA5, count: 20_000))
    try bytes.write(to: URL(fileURLWithPath: folder.file("damaged")))
    try Data(bytes.prefix(9000)).write(to: URL(fileURLWithPath: folder.file("cut")))
    try Data("a text".utf8).write(to: URL(fileURLWithPath: folder.file("text")))
    let before = try Data(contentsOf: URL(fileURLWithPath: file))
    for backup in ["damaged", "cut", "text", "absent"] {
      let error = await failure { () throws in
        _ = try await SQLiteExecutor.restore(file, from: folder.file(backup), replacing: true)
      }
      #expect(error?.code == .invalidRequest, "\(backup): \(error?.detail ?? "no error")")
      #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == before)
    }
    // And a database that is damaged itself is to be moved away, not written over.
    let error = await failure { () throws in
      _ = try await SQLiteExecutor.restore(folder.file("text"), from: copy, replacing: true)
    }
    #expect(error?.code == .invalidRequest && error?.detail.contains("Move it away") == true)
  }

  /// Not even its journal mode, or the log beside it.
  @Test func whatMayNotBeReplacedIsNotTouched() async throws {
    let folder = try TestFolder()
    let (own, foreign, copy) = (folder.file("own"), folder.file("foreign"), folder.file("copy"))
    let store = try await SQLiteExecutor.open(own)
    try await store.write([.sample()])
    _ = try await SQLiteExecutor.backUp(own, to: copy)
    let other = try Connection(path: folder.file("other"), busyTimeout: .zero)
    try other.execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')")
    // As a kill leaves them: with a log that nobody has moved into the database.
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(atPath: folder.file("other") + suffix, toPath: foreign + suffix)
      try FileManager.default.copyItem(atPath: own + suffix, toPath: folder.file("left") + suffix)
    }
    other.close()
    await store.close()
    for (path, isReplacing, reason) in [
      (foreign, true, "another program"), (folder.file("left"), false, "has 1 event"), (own, false, "has 1 event"),
    ] {
      func content() throws -> [Data?] {
        try [path, path + "-wal"].map { path in
          FileManager.default.fileExists(atPath: path) ? try Data(contentsOf: URL(fileURLWithPath: path)) : nil
        }
      }
      let before = try content()
      let error = await failure { () throws in
        _ = try await SQLiteExecutor.restore(path, from: copy, replacing: isReplacing)
      }
      #expect(error?.code == .invalidRequest && error?.detail.contains(reason) == true, "\(error?.detail ?? "-")")
      #expect(try content() == before)
    }
    // A backup of a store that a kill has left takes its log into account, and leaves it.
    #expect(try await SQLiteExecutor.backUp(folder.file("left"), to: folder.file("second")).events == 1)
    #expect(FileManager.default.fileExists(atPath: folder.file("left-wal")))
  }

  @Test func aStoreInMemoryAndTheBackupItselfAreNoTargets() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: folder.file())
    for (path, backup, reason) in [
      (":memory:", folder.file(), "has no file"), (folder.file(), folder.file(), "are the same file"),
      (folder.file("link"), folder.file(), "are the same file"),
    ] {
      let error = await failure { () throws in
        _ = try await SQLiteExecutor.restore(path, from: backup, replacing: true)
      }
      #expect(error?.code == .invalidRequest && error?.detail.contains(reason) == true, "\(error?.detail ?? "-")")
    }
    await expect(.invalidRequest) { () throws in
      _ = try await SQLiteExecutor.backUp(":memory:", to: folder.file("copy"))
    }
    #expect(!FileManager.default.fileExists(atPath: ":memory:"))
  }

  @Test func aStoreFromABackupThatMayOnlyBeReadCanBeWritten() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
    try FileManager.default.setAttributes([.posixPermissions: 0o440], ofItemAtPath: folder.file("copy"))
    _ = try await SQLiteExecutor.restore(folder.file("new"), from: folder.file("copy"))
    let mode = try FileManager.default.attributesOfItem(atPath: folder.file("new"))[.posixPermissions] as? Int
    #expect(mode == 0o640)
  }

  private func size(_ path: String) -> Int? {
    try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
  }
}
