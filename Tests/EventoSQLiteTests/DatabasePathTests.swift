import Evento
import EventoStorage
import Foundation
import Testing

@testable import EventoSQLite

/// A path is the plain name of a file, whatever it looks like.
@Suite struct DatabasePathTests {
  @Test func whatCannotBeAFileIsRefused() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    try #require(mkfifo(folder.file("fifo"), 0o600) == 0)
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    for (path, reason) in [
      ("", "The path of the file is empty."), ("/dev/null", "is a device, a pipe or a socket"),
      (folder.file("fifo"), "is a device, a pipe or a socket"), (folder.file("a\0b"), "contains a NUL"),
      (folder.file("bad\u{FFFD}"), "contains bytes that are not UTF-8"), (folder.file("x/"), "ends with a slash"),
      (folder.file() + "/", "ends with a slash"),
    ] {
      let errors = [
        await failure { _ = try await SQLiteExecutor.open(path) },
        await failure { _ = try await SQLiteExecutor.backUp(path, to: folder.file("copy")) },
        await failure { _ = try await SQLiteExecutor.restore(path, from: folder.file()) },
        await failure { _ = try await SQLiteExecutor.restore(folder.file("new"), from: path) },
      ]
      for error in errors {
        #expect(error?.code == .invalidRequest, "\(path): \(error?.detail ?? "no error")")
        #expect(error?.detail.contains(reason) == true, "\(path): \(error?.detail ?? "no error")")
      }
      let target = await failure { _ = try await SQLiteExecutor.backUp(folder.file(), to: path) }
      #expect(target?.code == .invalidRequest, "\(path): \(target?.detail ?? "no error")")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
  }

  /// Not created either.
  @Test func aNameThatIsTooLongForTheFilesBesideItIsCalledSo() async throws {
    let folder = try TestFolder()
    let error = await failure {
      _ = try await SQLiteExecutor.open(folder.file(String(repeating: "n", count: 251)))
    }
    #expect(error?.detail.contains("Its name is too long") == true, "\(error?.detail ?? "-")")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  /// The log is beside the file, and not beside the link.
  @Test func anotherProgramsLogBehindALinkStaysWhereItIs() async throws {
    let folder = try TestFolder()
    try FileManager.default.createDirectory(atPath: folder.file("other"), withIntermediateDirectories: false)
    let other = try Connection(path: folder.file("source"), busyTimeout: .zero)
    try other.execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT); INSERT INTO notes VALUES ('kept')")
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(
        atPath: folder.file("source") + suffix, toPath: folder.file("other/notes") + suffix)
    }
    other.close()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: folder.file("other/notes"))
    func content() throws -> [Data] {
      try ["", "-wal"].map { try Data(contentsOf: URL(fileURLWithPath: folder.file("other/notes") + $0)) }
    }
    let before = try content()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    let errors = [
      await failure { _ = try await SQLiteExecutor.open(folder.file("link")) },
      await failure { _ = try await SQLiteExecutor.backUp(folder.file("link"), to: folder.file("copy")) },
      await failure {
        _ = try await SQLiteExecutor.restore(folder.file("link"), from: folder.file(), replacing: true)
      },
    ]
    for error in errors { #expect(error?.detail.contains("another program") == true, "\(error?.detail ?? "-")") }
    #expect(try content() == before)
  }

  @Test func aLinkToNothingIsCalledSo() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: folder.file("nowhere"))
    let error = await failure {
      _ = try await SQLiteExecutor.restore(folder.file("link"), from: folder.file())
    }
    #expect(error?.detail.contains("It is a link to a file that does not exist.") == true, "\(error?.detail ?? "-")")
  }

  /// SQLite removes the log beside an empty database; the log may hold all that there is of a store.
  @Test(arguments: [false, true]) func theLogOfAMissingDatabaseIsNotRemoved(isEmpty: Bool) async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    try FileManager.default.copyItem(atPath: folder.file() + "-wal", toPath: folder.file("left-wal"))
    await store.close()
    let before = try Data(contentsOf: URL(fileURLWithPath: folder.file("left-wal")))
    if isEmpty { try Data().write(to: URL(fileURLWithPath: folder.file("left"))) }
    let error = await failure { _ = try await SQLiteExecutor.open(folder.file("left")) }
    #expect(error?.code == .invalidRequest)
    #expect(error?.detail.hasPrefix(folder.file("left-wal")) == true, "\(error?.detail ?? "-")")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.file("left-wal"))) == before)
    #expect(FileManager.default.fileExists(atPath: folder.file("left")) == isEmpty)
  }

  /// As a backup reads on a file system that nobody can write to: without a log, and without shared memory.
  @Test(arguments: ["plain", "a%41?b#c&d=e é", "file:x"]) func aStoreIsReadWithoutAFileBesideIt(name: String)
    async throws
  {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file(name))
    try await store.write([.sample()])
    await store.close()
    let connection = try Connection(path: folder.file(name), busyTimeout: .zero, for: .readingImmutable)
    #expect(try connection.logEnd().position == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    #expect(throws: SQLiteFailure.self) { try connection.execute("DELETE FROM event") }
    connection.close()
  }

  /// A store that can't be opened leaves no file that was not there before.
  @Test func aFirstStartThatFailsLeavesNoFile() async throws {
    let folder = try TestFolder()
    // SQLite can't create its journal where a folder has the name.
    try FileManager.default.createDirectory(atPath: folder.file() + "-journal", withIntermediateDirectories: false)
    #expect(await failure { _ = try await SQLiteExecutor.open(folder.file()) } != nil)
    #expect(!FileManager.default.fileExists(atPath: folder.file()))
    // One that was there stays.
    try Data().write(to: URL(fileURLWithPath: folder.file()))
    #expect(await failure { _ = try await SQLiteExecutor.open(folder.file()) } != nil)
    #expect(FileManager.default.fileExists(atPath: folder.file()))
  }
}
