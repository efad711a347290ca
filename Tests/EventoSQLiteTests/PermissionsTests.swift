import Evento
import Foundation
import Testing

@testable import EventoSQLite

/// Who may read the files of a store.
@Suite struct PermissionsTests {
  /// What the umask leaves of permissions. It can be read only by setting it; the tests run one after the other.
  private func masked(_ permissions: Int) -> Int {
    let mask = umask(0o077)
    umask(mask)
    return permissions & ~Int(mask)
  }

  private func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test func aStoreIsForItsOwnerAndItsGroup() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    for suffix in ["", "-wal", "-shm"] { #expect(try mode(folder.file() + suffix) == masked(0o640), "\(suffix)") }
    await store.close()
    #expect(try mode(folder.file()) == masked(0o640))
  }

  @Test(arguments: [0o600, 0o604, 0o660, 0o666, 0o777] as [UInt16])
  func aStoreGetsWhatIsConfiguredLessTheUmask(_ permissions: UInt16) async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.filePermissions = permissions
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    try await store.write([.sample()])
    for suffix in ["", "-wal", "-shm"] {
      #expect(try mode(folder.file() + suffix) == masked(Int(permissions)), "\(suffix)")
    }
    await store.close()
  }

  @Test(arguments: [0, 0o040, 0o400, 0o477, 0o577, 0o1640, 0o4600, .max] as [UInt16])
  func permissionsThatKeepOutTheOwnerAreRefused(_ permissions: UInt16) async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.filePermissions = permissions
    let error = await failure { () throws in
      _ = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    }
    #expect(error?.code == .invalidRequest && error?.detail.contains("0\(String(permissions, radix: 8)).") == true)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test(arguments: [0o600, 0o644, 0o666]) func aStoreThatExistsKeepsItsOwn(_ permissions: Int) async throws {
    let folder = try TestFolder()
    for content in ["empty", "store"] {
      let file = folder.file(content)
      if content == "store" {
        let store = try await SQLiteExecutor.open(file)
        await store.close()
      } else {
        try Data().write(to: URL(fileURLWithPath: file))
      }
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: file)
      let store = try await SQLiteExecutor.open(file)
      try await store.write([.sample()])
      for suffix in ["", "-wal", "-shm"] { #expect(try mode(file + suffix) == permissions, "\(content)\(suffix)") }
      await store.close()
    }
  }

  @Test func aStoreBehindALinkToNothingGetsThemToo() async throws {
    let folder = try TestFolder()
    try FileManager.default.createSymbolicLink(
      atPath: folder.file("link"), withDestinationPath: folder.file("target"))
    let store = try await SQLiteExecutor.open(folder.file("link"))
    try await store.write([.sample()])
    #expect(try mode(folder.file("target")) == masked(0o640))
    await store.close()
  }

  /// Closing a file gives up all locks that the process has on it: a store that is being created must not lose them.
  @Test func manyMayCreateOneStoreAtOnce() async throws {
    for _ in 0..<5 {
      let folder = try TestFolder()
      try await withThrowingTaskGroup(of: SQLiteExecutor.self) { group in
        for number in 0..<8 {
          group.addTask {
            do {
              let store = try await SQLiteExecutor.open(folder.file())
              try await store.write([.sample("acc-\(number)")])
              return store
            } catch let error as EventoError {
              Issue.record("\(error) \(error.cause ?? "")")
              throw error
            }
          }
        }
        var stores: [SQLiteExecutor] = []
        for try await store in group { stores.append(store) }
        for store in stores {
          #expect(try await store.eventCount() == 8)
          await store.close()
        }
      }
      #expect(try mode(folder.file()) == masked(0o640))
    }
  }

  @Test func memoryHasNoFile() async throws {
    let store = try await SQLiteExecutor.open(":memory:")
    await store.close()
    #expect(!FileManager.default.fileExists(atPath: ":memory:"))
  }

  /// A copy is not the umask's to change: it is no more and no less open than what it is a copy of.
  @Test func copiesHaveThoseOfWhatTheyAreMadeOf() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    for permissions in [0o600, 0o640, 0o666] {
      let (copy, restored) = (folder.file("copy-\(permissions)"), folder.file("restored-\(permissions)"))
      try FileManager.default.setAttributes([.posixPermissions: permissions], ofItemAtPath: folder.file())
      _ = try await SQLiteExecutor.backUp(folder.file(), to: copy)
      _ = try await SQLiteExecutor.restore(restored, from: copy)
      #expect(try mode(copy) == permissions && mode(restored) == permissions)
      // One that is there keeps its own.
      try FileManager.default.setAttributes([.posixPermissions: 0o604], ofItemAtPath: restored)
      _ = try await SQLiteExecutor.restore(restored, from: copy, replacing: true)
      #expect(try mode(restored) == 0o604)
    }
  }

  @Test func aFileThatHasTakenThePlaceOfAPartialOneGetsNoName() throws {
    let folder = try TestFolder()
    let partial = try PartialFile(of: folder.file())
    try FileManager.default.removeItem(atPath: partial.path)
    try Data("another".utf8).write(to: URL(fileURLWithPath: partial.path))
    let before = try mode(partial.path)
    do {
      try partial.finish(permissions: 0o666)
      Issue.record("another file got the name")
    } catch {
      #expect(error.code == .unavailable && error.detail.contains("has replaced"))
    }
    #expect(!FileManager.default.fileExists(atPath: folder.file()))
    #expect(try mode(partial.path) == before)
  }
}
