import Evento
import Testing

@testable import EventoSQLite

/// Aggregates of lengths around those of blocks, read by names and routing keys that are in some blocks and not in others.
@Suite struct SparseIndexTests {
  struct Row: Sendable {
    let id: String
    let version: Int
    let name: String
    let routingKey: String?
  }

  static let lengths = [255, 256, 257, 512, 513, 2000]

  /// The log: an event of each aggregate in turn, for as long as it goes on, and one of another, which has every name and
  /// key.
  static let log: [Row] = {
    var log: [Row] = []
    for version in 1...2000 {
      for length in lengths where version <= length {
        log.append(
          Row(
            id: "long-\(length)", version: version, name: name(version, of: length),
            routingKey: routingKey(version, of: length)))
      }
      log.append(
        Row(
          id: "other", version: version, name: names[version % names.count],
          routingKey: keys[version % keys.count]))
    }
    return log
  }()

  static let names = ["Dense", "Usual", "Sparse", "Edge", "First", "Last", "Once", "Never"]
  static let keys = [nil, "dense", "middle", "edge", "first", "last", "once", "never"]

  private static func name(_ version: Int, of length: Int) -> String {
    switch version {
    case length: "Last"
    case length / 2: "Once"
    case 1, 200: "First"
    case 256, 257, 512, 513, 768, 769, 1280, 1537, 1792: "Edge"
    default: version % 350 == 150 ? "Sparse" : version % 3 == 0 ? "Dense" : "Usual"
    }
  }

  private static func routingKey(_ version: Int, of length: Int) -> String? {
    switch version {
    case length - 1, length: "last"
    case length / 2 - 1: "once"
    case 1, 2, 255: "first"
    case 256...258, 511...514, 1024, 1025, 1281, 1536: "edge"
    case 900..<1500: version % 2 == 0 ? "middle" : nil
    default: version % 2 == 0 ? "dense" : nil
    }
  }

  private static func event(_ row: Row) -> NewEvent {
    .sample(row.id, row.name, type: "t", version: row.version, routingKey: .value(row.routingKey))
  }

  /// How the store comes about.
  enum Making: String, CaseIterable {
    case byOneWriter, byTwoWriters, withUndoneTransactions, byMigration, byMigrationHalfway
  }

  private static func write(
    _ rows: some RandomAccessCollection<Row>, to stores: [SQLiteExecutor], _ generator: inout SeededGenerator,
    failing: Bool = false
  ) async throws {
    var rest = rows[...]
    while !rest.isEmpty {
      let batch = rest.prefix(Int.random(in: 1...300, using: &generator)).map(event)
      let store = stores[Int.random(in: stores.indices, using: &generator)]
      if failing {
        let refused = NewEvent.sample("refused", data: Payload("refused"))
        let error = await failure { () throws in try await store.write(batch + [refused]) }
        #expect(error?.code == .unavailable || error?.code == .internal, "\(String(describing: error))")
      }
      try await store.write(batch)
      rest = rest.dropFirst(batch.count)
    }
  }

  private static func make(
    _ making: Making, in file: String, _ generator: inout SeededGenerator
  ) async throws -> SQLiteExecutor {
    var store = try await SQLiteExecutor.open(file)
    switch making {
    case .byOneWriter: try await write(log, to: [store], &generator)
    case .byTwoWriters:
      let other = try await SQLiteExecutor.open(file)
      try await write(log, to: [store, other], &generator)
      await other.close()
    case .withUndoneTransactions:
      // What SQLite refuses when most rows of a request are inserted already.
      try await store.writer.perform { session in
        try session.connection.execute(
          """
          CREATE TRIGGER refusal BEFORE INSERT ON event WHEN NEW.data = CAST('refused' AS BLOB)
          BEGIN SELECT RAISE(ABORT, 'refused'); END
          """)
      }
      try await write(log, to: [store], &generator, failing: true)
    case .byMigration, .byMigrationHalfway:
      let half = making == .byMigration ? log.count : log.firstIndex { $0.version == 300 } ?? 0
      try await write(log.prefix(half), to: [store], &generator)
      await store.close()
      try OlderStore.makeFirst(file)
      store = try await SQLiteExecutor.open(file)
      try await write(log.dropFirst(half), to: [store], &generator)
    }
    return store
  }

  @Test(arguments: Making.allCases) func everyReadFindsItsEvents(making: Making) async throws {
    var generator = SeededGenerator(seed: 7)
    let folder = try TestFolder()
    let store = try await Self.make(making, in: folder.file(), &generator)
    let cursors = try await store.everything().map(\.cursor)
    #expect(cursors.count == Self.log.count)
    for length in Self.lengths {
      let own = Self.log.indices.filter { Self.log[$0].id == "long-\(length)" }
      for name in Self.names + [nil] {
        for key in [RoutingKey.all] + Self.keys.map(RoutingKey.value) where name != nil || key != .all {
          let filter = [ReadAggregator("t", id: "long-\(length)", name: name)]
          let matches = own.filter {
            (name ?? Self.log[$0].name) == Self.log[$0].name && key.matches(Self.log[$0].routingKey)
          }
          // Around the ends of blocks, and anywhere.
          let edge = [0, 1, 256, 257, 512, 513, length].filter { $0 < own.count }.randomElement(using: &generator) ?? 0
          let near = min(max(own[edge] + Int.random(in: -3...3, using: &generator), 0), cursors.count - 1)
          for place in [near, Int.random(in: cursors.indices, using: &generator), nil] {
            let size = [1, 3, 1000].randomElement(using: &generator) ?? 1
            let label: Comment = "\(length) events, \(name ?? "any name"), \(key), \(size) at \(place ?? -1)"
            let start = place.map { Args.Start.after(cursors[$0]) } ?? .beginning
            let after = matches.filter { $0 > place ?? -1 }
            let forward = try await store.read(filter, routingKey: key, args: .forward(first: size, after: start))
            #expect(forward.edges.map(\.cursor) == after.prefix(size).map { cursors[$0] }, label)
            #expect(forward.pageInfo.hasNextPage == (after.count > size), label)
            let before = matches.filter { $0 < place ?? .max }
            let backward = try await store.read(
              filter, routingKey: key, args: .backward(last: size, before: place.map { cursors[$0] }))
            #expect(backward.edges.map(\.cursor) == before.suffix(size).map { cursors[$0] }, label)
            #expect(backward.pageInfo.hasPreviousPage == (before.count > size), label)
          }
        }
      }
    }
    await store.close()
  }

  /// Every match, from each match to the next, both ways.
  @Test func everyStepFindsTheNextMatch() async throws {
    var generator = SeededGenerator(seed: 8)
    let folder = try TestFolder()
    let store = try await Self.make(.byOneWriter, in: folder.file(), &generator)
    let cursors = try await store.everything().map(\.cursor)
    for length in Self.lengths {
      for name in ["Sparse", "Edge", "First", "Last", "Once", "Never"] {
        let filter = [ReadAggregator("t", id: "long-\(length)", name: name)]
        let matches = Self.log.indices.filter { Self.log[$0].id == "long-\(length)" && Self.log[$0].name == name }
          .map { cursors[$0] }
        let forward = try await store.everything(filter, pageOf: 1).map(\.cursor)
        #expect(forward == matches, "\(length) events, \(name)")
        var (backward, place) = ([Cursor](), Cursor?.none)
        while let edge = try await store.read(filter, routingKey: .all, args: .backward(last: 1, before: place)).edges
          .first
        {
          backward.append(edge.cursor)
          place = edge.cursor
        }
        #expect(backward.reversed() == matches, "\(length) events, \(name)")
      }
    }
    await store.close()
  }

  /// The index is what a migration makes of the log, however the events came into it.
  @Test(arguments: Making.allCases) func theIndexFollowsFromTheLog(making: Making) async throws {
    func rows(_ file: String) throws -> [[Int64]] {
      let connection = try Connection(path: file, busyTimeout: .zero)
      defer { connection.close() }
      return try connection.all(
        "SELECT aggregate, property, value, block, first FROM sparse_index ORDER BY 1, 2, 3, 4"
      ) { row in (0..<5).map { row.integer($0) } }
    }
    var generator = SeededGenerator(seed: 9)
    let folder = try TestFolder()
    let store = try await Self.make(making, in: folder.file(), &generator)
    await store.close()
    let written = try rows(folder.file())
    #expect(!written.isEmpty)
    try OlderStore.makeFirst(folder.file())
    let migrated = try await SQLiteExecutor.open(folder.file())
    await migrated.close()
    #expect(try rows(folder.file()) == written)
  }

  @Test func aShortAggregateIsNotInTheIndex() async throws {
    try await withStore { store in
      for count in [200, 56] {
        try await store.write((0..<count).map { .sample("a", "N\($0)") } + (0..<count).map { .sample("b", "N\($0)") })
      }
      #expect(try await store.writer.perform { try $0.connection.integer("SELECT count(*) FROM sparse_index") } == 0)
      try await store.write([.sample("a", "N0")])
      #expect(try await store.writer.perform { try $0.connection.integer("SELECT count(*) FROM sparse_index") } == 3)
    }
  }
}
