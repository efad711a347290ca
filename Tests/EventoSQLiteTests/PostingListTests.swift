internal import CSQLite
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// Many event names and routing keys: every filter still finds its events, and takes a bounded number of index scans.
@Suite struct PostingListTests {
  /// Events of two types, one with many names, under a few routing keys and none.
  static let events: [NewEvent] = (0..<1200).map { number in
    let isCrowded = number % 3 != 0
    return .sample(
      "id-\(number % 70)", isCrowded ? "N\(number % 400)" : "M\(number % 4)", type: isCrowded ? "crowded" : "quiet",
      routingKey: .value([nil, "a", "b", "k\(number % 50)"][number % 4]), data: Payload("\(number)"))
  }

  /// A filter with what it selects, told by another way than the store's.
  struct Filter: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let aggregators: [ReadAggregator]?
    let routingKey: RoutingKey

    var numbers: [String] {
      PostingListTests.events.filter { event in
        guard case .value(let key) = event.routingKey, routingKey.matches(key) else { return false }
        guard let aggregators else { return true }
        return aggregators.contains {
          $0.matches(type: event.aggregatorType, id: event.aggregatorID, name: event.name)
        }
      }
      .compactMap(\.data.text)
    }
  }

  static let filters: [Filter] = {
    let aggregators: [(String, [ReadAggregator]?)] = [
      ("all", nil), ("a crowded type", [ReadAggregator("crowded")]), ("a quiet type", [ReadAggregator("quiet")]),
      ("an early name", [ReadAggregator("crowded", name: "N1")]),
      ("a late name", [ReadAggregator("crowded", name: "N397")]),
      ("an aggregate", [ReadAggregator("crowded", id: "id-7")]),
      ("an aggregate and a name", [ReadAggregator("crowded", id: "id-7", name: "N77")]),
      ("both types", [ReadAggregator("crowded"), ReadAggregator("quiet")]),
      ("a type and its names", [ReadAggregator("crowded"), ReadAggregator("crowded", name: "N397")]),
    ]
    let keys: [(String, RoutingKey)] = [
      ("any key", .all), ("none", .value(nil)), ("a", .value("a")), ("a rare key", .value("k3")),
      ("an unknown key", .value("zzz")),
    ]
    return aggregators.flatMap { label, aggregators in
      keys.map { Filter(testDescription: "\(label), \($0)", aggregators: aggregators, routingKey: $1) }
    }
  }()

  private func expectAllFilters(on store: SQLiteExecutor) async throws {
    for filter in Self.filters {
      let numbers = filter.numbers
      for size in [7, 1000] {
        let edges = try await store.everything(filter.aggregators, filter.routingKey, pageOf: size)
        #expect(edges.compactMap(\.node.data.text) == numbers, "\(filter.testDescription), \(size) a page")
      }
      var (pages, before) = ([[String]](), Cursor?.none)
      repeat {
        let page = try await store.read(
          filter.aggregators, routingKey: filter.routingKey, args: .backward(last: 7, before: before))
        pages.insert(page.edges.compactMap(\.node.data.text), at: 0)
        before = page.pageInfo.hasPreviousPage ? page.pageInfo.startCursor : nil
      } while before != nil
      #expect(pages.flatMap { $0 } == numbers, "\(filter.testDescription), backward")
    }
  }

  @Test(arguments: [1, 40, 1200]) func everyFilterFindsItsEvents(eventsPerWrite count: Int) async throws {
    try await withStore { store in
      for start in stride(from: 0, to: Self.events.count, by: count) {
        try await store.write(Array(Self.events[start..<min(start + count, Self.events.count)]))
      }
      try await expectAllFilters(on: store)
    }
  }

  @Test func conditionsSeeLateNames() async throws {
    try await withStore { store in
      try await store.write(Self.events)
      let late = Self.events.lastIndex { $0.name == "N397" }
      let places = try await store.everything().map(\.cursor)
      let place = places[try #require(late)]
      for filter in [ReadAggregator("crowded"), ReadAggregator("crowded", name: "N397")] {
        await expect(.conditionFailed) { () throws in
          try await store.write([.sample("x")], condition: WriteCondition(failIfEventsMatch: [filter]))
        }
      }
      try await store.write(
        [.sample("x")],
        condition: WriteCondition(failIfEventsMatch: [ReadAggregator("crowded", name: "N397")], after: place))
    }
  }

  @Test func aRefusedWriteLeavesNoPostings() async throws {
    try await withStore { store in
      try await store.write(Self.events)
      await expect(.invalidOriginalVersion) { () throws in
        try await store.write([
          .sample("id-1", "N397", type: "crowded"), .sample("id-2", "N396", type: "crowded", version: 9999),
        ])
      }
      try await expectAllFilters(on: store)
    }
  }

  /// A store as the first version of the schema had it becomes one of today.
  @Test func anOlderStoreGetsItsPostingLists() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write(Array(Self.events.prefix(900)))
    await store.close()
    try OlderStore.makeFirst(folder.file())
    let migrated = try await SQLiteExecutor.open(folder.file())
    try await migrated.write(Array(Self.events.suffix(300)))
    try await expectAllFilters(on: migrated)
    await migrated.close()
  }

  /// A process of the older version would write without postings.
  @Test func anOlderStoreThatIsOpenElsewhereIsNotMigrated() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    try await store.write([.sample()])
    await store.close()
    let other = try Connection(path: folder.file(), busyTimeout: .zero)
    try other.execute("PRAGMA journal_mode = WAL; \(OlderStore.first)")
    var configuration = SQLiteConfiguration()
    configuration.busyTimeout = .milliseconds(100)
    let (file, impatient) = (folder.file(), configuration)
    let error = await failure { _ = try await SQLiteExecutor.open(file, configuration: impatient) }
    #expect(error?.code == .unavailable && error?.detail.contains("open in another process") == true)
    #expect(try other.integer("PRAGMA user_version") == 1)
    other.close()
    let migrated = try await SQLiteExecutor.open(folder.file())
    #expect(try await migrated.eventCount() == 1)
    await migrated.close()
  }

  /// What a read asks of the indexes does not grow with what was ever written.
  @Test func indexScansAreBounded() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let symbols = SymbolTable(connection)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    for start in stride(from: 0, to: 3000, by: 1000) {
      let events = (start..<start + 1000).map { number in
        NewEvent.sample(
          "id-\(number)", "N\(number)", type: "t\(number % 3)",
          routingKey: .value(number % 2 == 0 ? nil : "k\(number % 20)"))
      }
      _ = try writer.write(events, condition: nil, commitID: 1)
    }
    try insertBuffer.flush()
    for key in [RoutingKey.all, .value(nil), .value("k1")] {
      #expect(try symbols.scans([ReadAggregator("t1")], key).count <= IndexLimits.kindsPerType + 1)
      #expect(try symbols.scans([ReadAggregator("t1", name: "N2998")], key).count <= 1)
      #expect(try symbols.scans(nil, key).count <= IndexLimits.lanesPerRoutingKey + 1)
    }
    // Nor does what SQLite steps through to find them.
    for (text, statement) in connection.statements where text.sql.hasPrefix("SELECT id FROM") {
      #expect(statement.count(of: SQLITE_STMTSTATUS_FULLSCAN_STEP) == 0, "\(text.sql)")
      #expect(statement.count(of: SQLITE_STMTSTATUS_SORT) == 0, "\(text.sql)")
    }
  }

  /// A row for 64 events is written once for a commit, and not for each statement that inserts some of them.
  @Test func aCommitWritesEachPostingOnce() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: SymbolTable(connection), headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    let before = connection.totalChanges
    for start in [0, 500] {
      _ = try writer.write((start..<start + 500).map { .sample("id", "N\($0)") }, condition: nil, commitID: 1)
    }
    try insertBuffer.flush()
    let tables = ["text", "kind", "lane", "aggregate", "event", "posting_list", "posting", "sparse_index"]
    let rows = try tables.reduce(0) { $0 + Int(try connection.integer("SELECT count(*) FROM \($1)") ?? 0) }
    #expect(connection.totalChanges - before == rows)
    #expect(try connection.integer("SELECT count(*) FROM posting") ?? 0 > 30)
  }
}
