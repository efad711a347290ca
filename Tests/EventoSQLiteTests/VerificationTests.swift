import ByteCoding
import Evento
import EventoStorage
import Foundation
import Testing

@testable import EventoSQLite

/// A verification finds what no reader sees, and a sound store has nothing to find.
@Suite struct VerificationTests {
  /// With every kind of index: posting lists, a sparse index, large payloads, erased events.
  private func fill(_ folder: TestFolder) async throws {
    let store = try await SQLiteExecutor.open(folder.file())
    var last: Cursor?
    for start in stride(from: 0, to: 1500, by: 300) {
      let events = try (start..<start + 300).map { number in
        NewEvent.sample(
          number % 2 == 0 ? "long" : "acc-\(number % 50)", "Name\(number % 90)",
          routingKey: .value(number % 2 == 0 ? "north" : nil),
          data: number % 7 == 0 ? Payload([1, 2, 3]) : Payload("{\"n\":\(number)}"),
          metadata: number % 5 == 0 ? try Metadata(json: "{\"by\":\(number)}") : Metadata())
      }
      last = try await store.write(events).events.last?.cursor
    }
    try await store.write([.sample("large", data: Payload([UInt8](repeating: 7, count: 300_000)))])
    _ = try await store.eraseAggregate(type: "bank/Account", id: "acc-7", snapshotTypes: [])
    let cursor = try #require(last)
    try await store.upsertSubscriber("s", workerID: ULID())
    _ = try await store.acknowledge("s", cursor: cursor)
    try await store.saveSnapshot(
      SnapshotKey(type: "t", revision: "1", id: "i"), Snapshot(data: Payload("{}"), cursor: cursor))
    await store.close()
  }

  @Test func aStoreIsSound() async throws {
    let folder = try TestFolder()
    try await fill(folder)
    let result = try await SQLiteExecutor.verify(folder.file())
    #expect(result.findings == [] && result.isSound)
    #expect(result.events == 1501)
    #expect(result.digest.count == SHA256.length)

    // Through its operations, and in a copy.
    let store = try await SQLiteExecutor.open(folder.file())
    #expect(try await ExecutorVerification(store).run() == result)
    await store.close()
    _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy"))
    #expect(try await SQLiteExecutor.verify(folder.file("copy")) == result)
  }

  @Test func anEmptyStoreIsSound() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    await store.close()
    let result = try await SQLiteExecutor.verify(folder.file())
    #expect(result.isSound && result.events == 0 && result.bytes == 0)
    #expect(result.digest == SHA256.digest([]))
  }

  /// The digest is what docs/operations.md defines.
  @Test func theDigestIsAsDocumented() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let (id, other) = (ULID(high: 1, low: 2), ULID(high: 3, low: 4))
    try await store.write([
      NewEvent(
        id: id, aggregatorType: "t", aggregatorID: "é", name: "n", routingKey: .value("k"), data: Payload("[1]"),
        metadata: try Metadata(json: "{\"a\":1}"), timestamp: Timestamp(milliseconds: 1_700_000_000_123))
    ])
    try await store.write([
      NewEvent(
        id: other, aggregatorType: "t", aggregatorID: "e", name: "n", routingKey: .value(nil), data: Payload([9]),
        timestamp: Timestamp(milliseconds: 5))
    ])
    _ = try await store.eraseAggregate(type: "t", id: "e", snapshotTypes: [])
    await store.close()

    func number(_ value: UInt64, bytes: Int) -> [UInt8] {
      (0..<bytes).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    func text(_ value: String) -> [UInt8] { number(UInt64(value.utf8.count), bytes: 4) + Array(value.utf8) }
    var expected = number(1, bytes: 8) + number(2, bytes: 8) + [0] + number(1, bytes: 8)
    expected += number(1_700_000_000_123, bytes: 8) + text("t") + text("é") + text("n") + text("k")
    expected += number(7, bytes: 4) + number(3, bytes: 4) + Array("{\"a\":1}".utf8) + Array("[1]".utf8)
    expected += number(3, bytes: 8) + number(4, bytes: 8) + [1] + number(1, bytes: 8) + number(5, bytes: 8)
    expected += text("t") + text("e") + text("n") + number(0xFFFF_FFFF, bytes: 4)
    expected += number(2, bytes: 4) + number(0, bytes: 4) + Array("{}".utf8)
    let result = try await SQLiteExecutor.verify(folder.file())
    #expect(result.digest == SHA256.digest(expected))
    #expect(result.bytes == 7 + 3 + 2)
  }

  @Test(arguments: [
    ("DELETE FROM posting WHERE word = 3", "posting"),
    ("UPDATE posting SET bits = bits & ~(bits & -bits) WHERE word = 5", "posting"),
    ("DELETE FROM sparse_index WHERE block = 1", "sparse_index"),
    ("UPDATE sparse_index SET first = first + 1 WHERE block = 2", "sparse_index"),
    ("UPDATE event SET kind = kind + 1 WHERE position = 9", "kind"),
    ("UPDATE subscriber SET tag = tag + 1", "subscriber \"s\""),
    ("UPDATE subscriber SET position = 99999", "subscriber \"s\""),
    ("UPDATE snapshot SET tag = tag + 1", "snapshot t 1 \"i\""),
    ("UPDATE snapshot SET data = x'00'", "snapshot t 1 \"i\""),
    ("DELETE FROM event WHERE position = 700", "Event 700 is missing"),
    ("UPDATE event SET version = version + 1 WHERE position = 700", "Event 700"),
  ])
  func findsWhatIsWrong(_ change: String, _ finding: String) async throws {
    let folder = try TestFolder()
    try await fill(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    try connection.execute(change)
    connection.close()
    let result = try await SQLiteExecutor.verify(folder.file())
    #expect(result.findings.contains { $0.contains(finding) }, "\(result.findings)")
    #expect(result.findings.count <= Verification.maximumFindings && result.findingCount >= result.findings.count)
  }

  /// An index without entries that it should have, which no read reports.
  @Test(arguments: ["event_by_id", "event_by_aggregate", "event_by_kind", "event_by_lane"])
  func findsAnIncompleteIndex(_ index: String) async throws {
    let folder = try TestFolder()
    try await fill(folder)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    let old = try #require(try connection.first("SELECT sql FROM sqlite_schema WHERE name = '\(index)'") { $0.text(0) })
    try connection.execute(
      """
      DROP INDEX \(index); \(old) WHERE position <> 800; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = '\(old)' WHERE name = '\(index)'
      """)
    connection.close()
    let result = try await SQLiteExecutor.verify(folder.file())
    #expect(result.findings.contains { $0.hasPrefix("The index \(index) has 1500 entries") }, "\(result.findings)")
  }

  @Test func whatIsNoStoreIsNotSound() async throws {
    let folder = try TestFolder()
    try Data("This is a text.".utf8).write(to: URL(fileURLWithPath: folder.file("text")))
    let result = try await SQLiteExecutor.verify(folder.file("text"))
    #expect(result.findings.count == 1 && result.digest == [])
    await #expect(throws: EventoError.self) { try await SQLiteExecutor.verify(folder.file("missing")) }
  }
}
