import Evento
import EventoStorage
import Foundation
import Testing

@testable import EventoSQLite

/// What a disk or another program has changed in a store is not served.
@Suite struct DamageTests {
  /// Changes of any value of an event, and of the tables that its numbers refer to.
  static let changes = [
    "UPDATE event SET data = x'00' WHERE position = 3",
    "UPDATE event SET data = CAST('{\"n\":2}' AS BLOB) WHERE position = 3",
    "UPDATE event SET is_json = 1 - is_json WHERE position = 3",
    "UPDATE event SET is_json = 2 WHERE position = 3",
    "UPDATE event SET is_json = 7 WHERE position = 3",
    "UPDATE event SET metadata = CAST('{\"a\":0}' AS BLOB) WHERE position = 3",
    "UPDATE event SET metadata = data, data = x'' WHERE position = 3",
    "UPDATE event SET timestamp = timestamp + 1 WHERE position = 3",
    "UPDATE event SET version = version + 1 WHERE position = 3",
    "UPDATE event SET tag = tag + 1 WHERE position = 3",
    "UPDATE event SET id = zeroblob(16) WHERE position = 3",
    "UPDATE event SET aggregate = aggregate + 1 WHERE position = 3",
    "UPDATE event SET aggregate = 99 WHERE position = 3",
    "UPDATE event SET lane = lane + 1 WHERE position = 3",
    "UPDATE event SET lane = 99 WHERE position = 3",
    "UPDATE event SET checksum = checksum + 1 WHERE position = 3",
    "UPDATE text SET value = 'other' WHERE value = 'Third'",
    "UPDATE aggregate SET key = 'other' WHERE key = 'acc-3'",
  ]

  @Test(arguments: changes, [false, true])
  func aChangedEventIsNotServed(_ change: String, isLarge: Bool) async throws {
    try await withDamagedStore(change, large: isLarge ? 100_000 : 0) { store, written in
      let error = await error {
        _ = try await store.read(nil, routingKey: .all, args: .forward(after: written[1].start))
      }
      #expect(error?.code == .damaged && error?.isTransient == false)
      #expect(error?.detail.hasPrefix("Event 3 of the log is damaged.") == true, "\(error?.detail ?? "-")")
      let after = try #require(error.flatMap { Damage.cursorAfter($0.detail) })

      // Pages end before it, and go on after it, in both directions.
      let before = try await store.read(nil, routingKey: .all, args: .forward())
      #expect(before.edges.map(\.cursor) == written[..<2].map(\.cursor) && before.pageInfo.hasNextPage)
      let rest = try await store.read(nil, routingKey: .all, args: .forward(after: .after(after)))
      #expect(rest.edges.map(\.cursor) == written[3...].map(\.cursor) && !rest.pageInfo.hasNextPage)
      let last = try await store.read(nil, routingKey: .all, args: .backward())
      #expect(last.edges.map(\.cursor) == written[3...].map(\.cursor) && last.pageInfo.hasPreviousPage)
      let first = try await store.read(nil, routingKey: .all, args: .backward(before: after))
      #expect(first.edges.map(\.cursor) == written[..<2].map(\.cursor) && !first.pageInfo.hasPreviousPage)

      // By its id it is damaged, or was not found before.
      if let found = await self.error({ _ = try await store.event(written[2].id) }) { #expect(found.code == .damaged) }
    }
  }

  @Test(arguments: [3...3, 3...5, 1...2]) func aGapIsDamage(_ gap: ClosedRange<Int>) async throws {
    let change = "DELETE FROM event WHERE position BETWEEN \(gap.lowerBound) AND \(gap.upperBound)"
    try await withDamagedStore(change) { store, written in
      let start = gap.lowerBound == 1 ? Args.Start.beginning : written[gap.lowerBound - 2].start
      let error = await error { _ = try await store.read(nil, routingKey: .all, args: .forward(after: start)) }
      #expect(error?.code == .damaged)
      let positions =
        gap.count == 1
        ? "Event 3 of the log is missing." : "Events \(gap.lowerBound) to \(gap.upperBound) of the log are"
      #expect(error?.detail.hasPrefix(positions) == true, "\(error?.detail ?? "-")")
      let cursor = try #require(error.flatMap { Damage.cursorAfter($0.detail) })
      #expect(cursor == written[gap.upperBound].cursor)

      let last = try await store.read(nil, routingKey: .all, args: .backward())
      #expect(last.edges.map(\.cursor) == written[gap.upperBound...].map(\.cursor))
      // The page before it has the error.
      #expect(last.pageInfo.hasPreviousPage)
      let before = Args.backward(before: written[gap.upperBound].cursor)
      let missing = await self.error { _ = try await store.read(nil, routingKey: .all, args: before) }
      #expect(missing?.code == .damaged && missing?.detail.hasPrefix(positions) == true, "\(missing?.detail ?? "-")")
    }
  }

  /// Indexes that lead to the wrong events, or to none, or skip a version.
  @Test(arguments: [
    ("kind", ReadAggregator("bank/Account", name: "First")),
    ("lane", ReadAggregator("bank/Account", name: "First")),
    ("aggregate", ReadAggregator("bank/Account", id: "acc-1")),
  ])
  func anIndexWithAnotherEventIsDamage(_ column: String, _ filter: ReadAggregator) async throws {
    let index = "event_by_\(column)"
    let folder = try TestFolder()
    try await fill(folder, large: 0)
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    // The index is of the changed column, and the column is changed back without it.
    try connection.execute(
      """
      UPDATE event SET \(column) = 1 WHERE position = 3; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, ')', ') WHERE \(column) > 99') WHERE name = '\(index)';
      """)
    connection.close()
    let other = try Connection(path: folder.file(), busyTimeout: .zero)
    try other.execute(
      """
      UPDATE event SET \(column) = 3 WHERE position = 3; PRAGMA writable_schema = ON;
      UPDATE sqlite_schema SET sql = replace(sql, ' WHERE \(column) > 99', '') WHERE name = '\(index)';
      """)
    other.close()
    let store = try await SQLiteExecutor.open(folder.file())
    let routingKey: RoutingKey = column == "lane" ? .value(nil) : .all
    let page = try await store.read([filter], routingKey: routingKey, args: .forward())
    #expect(page.edges.count == 1 && page.pageInfo.hasNextPage)
    let rest = Args.forward(after: .after(try #require(page.pageInfo.endCursor)))
    let error = await error { _ = try await store.read([filter], routingKey: routingKey, args: rest) }
    // SQLite reads the number from the index, and not from the row. That of an aggregate or a lane leads to other texts.
    let detail = column == "kind" ? "An index of the database is damaged." : "Event 3 of the log is damaged."
    #expect(error?.code == .damaged && error?.detail.hasPrefix(detail) == true, "\(error?.detail ?? "-")")
    await store.close()
    let verification = try await SQLiteExecutor.verify(folder.file())
    #expect(verification.findings.contains { $0.contains(index) }, "\(verification.findings)")
  }

  @Test(arguments: ["data = x'00'", "is_json = 0", "position = 1", "checksum = 1", "revision = '2'"])
  func aChangedSnapshotIsNotServed(_ change: String) async throws {
    for size in [10, 100_000] {
      let folder = try TestFolder()
      let key = SnapshotKey(type: "t", revision: "1", id: "i")
      let store = try await SQLiteExecutor.open(folder.file())
      let cursor = try await store.write([.sample(), .sample()]).events[1].cursor
      let data = Payload("\"" + String(repeating: "x", count: size) + "\"")
      try await store.saveSnapshot(key, Snapshot(data: data, cursor: cursor))
      await store.close()
      try execute("UPDATE snapshot SET \(change)", in: folder)

      let damaged = try await SQLiteExecutor.open(folder.file())
      let changed = SnapshotKey(type: "t", revision: change.hasPrefix("revision") ? "2" : "1", id: "i")
      let error = await error { _ = try await damaged.getSnapshot(changed) }
      #expect(error?.code == .damaged && error?.detail.hasPrefix("The snapshot is damaged.") == true)
      // It can be replaced.
      try await damaged.saveSnapshot(changed, Snapshot(data: data, cursor: cursor))
      #expect(try await damaged.getSnapshot(changed)?.data == data)
      await damaged.close()
    }
  }

  /// The checksum of an erased event is that of what is left of it, unless that was damaged before.
  @Test func erasureKeepsDamageVisible() async throws {
    let folder = try TestFolder()
    try await fill(folder, large: 0)
    try execute("UPDATE event SET timestamp = timestamp + 1 WHERE position = 3", in: folder)
    let store = try await SQLiteExecutor.open(folder.file())
    for id in ["acc-2", "acc-3"] { _ = try await store.eraseAggregate(type: "bank/Account", id: id, snapshotTypes: []) }
    let page = try await store.read(nil, routingKey: .all, args: .forward())
    #expect(page.edges.map(\.node.isErased) == [false, true] && page.pageInfo.hasNextPage)
    await store.close()
    #expect(try await SQLiteExecutor.verify(folder.file()).findings == ["Event 3 does not have its checksum."])
  }

  // MARK: Stores

  private static let names = ["First", "Second", "Third", "Fourth", "Fifth", "Sixth"]

  @discardableResult
  private func fill(_ folder: TestFolder, large: Int) async throws -> [WrittenEvent] {
    let store = try await SQLiteExecutor.open(folder.file())
    let written = try await store.write(
      Self.names.enumerated().map { number, name in
        let text = String(repeating: "x", count: number == 2 ? large : 0)
        return .sample("acc-\(number + 1)", name, data: Payload("{\"n\":\(number),\"t\":\"\(text)\"}"))
      })
    await store.close()
    return written.events
  }

  private func withDamagedStore(
    _ change: String, large: Int = 0, _ body: (SQLiteExecutor, [WrittenEvent]) async throws -> Void
  ) async throws {
    let folder = try TestFolder()
    let written = try await fill(folder, large: large)
    try execute(change, in: folder)
    let verification = try await SQLiteExecutor.verify(folder.file())
    #expect(!verification.isSound)
    let store = try await SQLiteExecutor.open(folder.file())
    try await body(store, written)
    await store.close()
    let error = await error { _ = try await SQLiteExecutor.backUp(folder.file(), to: folder.file("copy")) }
    #expect(error?.code == .internal, "\(String(describing: error))")
    #expect(!FileManager.default.fileExists(atPath: folder.file("copy")))
  }

  private func execute(_ statement: String, in folder: TestFolder) throws {
    let connection = try Connection(path: folder.file(), busyTimeout: .zero)
    defer { connection.close() }
    try connection.execute(statement)
  }

  private func error(_ body: () async throws -> Void) async -> EventoError? {
    do {
      try await body()
      return nil
    } catch {
      return EventoError(wrapping: error)
    }
  }
}

extension WrittenEvent {
  fileprivate var start: Args.Start { .after(cursor) }
}
