internal import CSQLite
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// Every filter of a read is served by an index, in the order of the log: no scan, no sort.
@Suite struct QueryPlanTests {
  private func withConnection(_ body: (Connection, SymbolTable) throws -> Void) throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let symbols = SymbolTable(connection)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    let events = (0..<1000).map { number in
      NewEvent.sample(
        "id-\(number % 250)", "N\(number % 5)", type: "t\(number % 7)",
        routingKey: .value(number % 3 == 0 ? nil : "k\(number % 2)"))
    }
    _ = try writer.write(events, condition: nil, commitID: 1)
    try insertBuffer.flush()
    try body(connection, symbols)
  }

  /// A filter shape, and the plans that it may come to.
  struct Shape: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let filters: [ReadAggregator]?
    let key: RoutingKey
    let index: String
  }

  static let shapes: [Shape] = {
    var shapes: [Shape] = []
    for (label, key) in [("any key", RoutingKey.all), ("a key", .value("k1")), ("no key", .value(nil))] {
      let byType = key == .all ? "event_by_kind (kind=?" : "event_by_lane (lane=?"
      for count in [1, 200] {
        let numbers = 0..<count
        let shape = { (name: String, index: String, filter: (Int) -> ReadAggregator) in
          shapes.append(
            Shape(
              testDescription: "\(count) × \(name), \(label)", filters: numbers.map(filter), key: key, index: index))
        }
        shape("type", byType) { ReadAggregator("t\($0 % 7)") }
        shape("type and name", byType) { ReadAggregator("t\($0 % 7)", name: "N\($0 % 5)") }
        shape("aggregate", "event_by_aggregate (aggregate=?") { ReadAggregator("t\($0 % 7)", id: "id-\($0)") }
        shape("aggregate and name", "event_by_aggregate (aggregate=?") {
          ReadAggregator("t\($0 % 7)", id: "id-\($0)", name: "N\($0 % 5)")
        }
      }
      let index = key == .all ? "INTEGER PRIMARY KEY (" : "event_by_lane (lane=?"
      shapes.append(Shape(testDescription: "everything, \(label)", filters: nil, key: key, index: index))
    }
    return shapes
  }()

  @Test(arguments: shapes) func eachScanIsASearchOfItsIndex(shape: Shape) throws {
    try withConnection { connection, symbols in
      let scans = try symbols.scans(shape.filters, shape.key)
      try #require(!scans.isEmpty)
      for scan in scans {
        for (direction, comparison) in [(ReadDirection.forward, "rowid>?"), (.backward, "rowid<?")] {
          for columns in [IndexScan.Columns.positions, .rows] {
            let query = try #require(scan.query(columns, direction))
            let plan = try connection.all("EXPLAIN QUERY PLAN \(query)") { $0.text(3) }
            let step = try #require(plan.first)
            #expect(step.hasPrefix("SEARCH event USING "), "\(plan)")
            #expect(step.contains(shape.index) && step.contains(comparison), "\(plan)")
            // Behind it, at most the look-up of a lane's routing key.
            for step in plan.dropFirst() {
              #expect(
                step.hasPrefix("CORRELATED SCALAR SUBQUERY")
                  || step.hasPrefix("SEARCH lane USING INTEGER PRIMARY KEY (rowid=?)"), "\(plan)")
            }
          }
        }
      }
    }
  }

  @Test func aPostingListIsASearchOfItsOwn() throws {
    try withConnection { connection, _ in
      for (direction, comparison) in [(ReadDirection.forward, "word>?"), (.backward, "word<?")] {
        _ = try Posting.positions(of: 1, from: 100, direction, limit: 4, on: connection)
        let order = direction == .forward ? "ASC" : "DESC"
        let queries = connection.statements.keys.map(\.sql)
        let query = try #require(queries.first { $0.contains("posting") && $0.contains(order) })
        let plan = try connection.all("EXPLAIN QUERY PLAN \(query)") { $0.text(3) }
        #expect(plan == ["SEARCH posting USING PRIMARY KEY (list=? AND \(comparison))"])
      }
    }
  }

  @Test(arguments: shapes) func aPageStepsOverNoOtherRows(shape: Shape) throws {
    try withConnection { connection, symbols in
      let limits = PageLimits(events: 1000, bytes: 8 << 20)
      let reader = EventReader(connection: connection, symbols: symbols, limits: limits)
      for args in [Args.forward(first: 10), .backward(last: 10)] {
        _ = try reader.page(shape.filters, shape.key, args)
      }
      // What SQLite counted itself: https://sqlite.org/c3ref/c_stmtstatus_counter.html
      for (text, statement) in connection.statements where text.sql.contains("FROM event") {
        #expect(statement.count(of: SQLITE_STMTSTATUS_FULLSCAN_STEP) == 0, "\(text.sql)")
        #expect(statement.count(of: SQLITE_STMTSTATUS_SORT) == 0, "\(text.sql)")
        #expect(statement.count(of: SQLITE_STMTSTATUS_AUTOINDEX) == 0, "\(text.sql)")
      }
    }
  }

  @Test func anEventIsFoundByItsIndex() throws {
    try withConnection { connection, _ in
      let plan = try connection.all("EXPLAIN QUERY PLAN SELECT \(EventRow.columns) FROM event WHERE id = ?1") {
        $0.text(3)
      }
      #expect(plan == ["SEARCH event USING INDEX event_by_id (id=?)"])
    }
  }

  /// Neither a scan nor a sort: a page takes as long behind 200,000 subscribers as at the beginning.
  @Test func aPageOfSubscribersIsASearchByTheirKey() throws {
    try withConnection { connection, _ in
      let plan = try connection.all("EXPLAIN QUERY PLAN \(SubscriberTable.pageQuery)") { $0.text(3) }
      #expect(plan == ["SEARCH subscriber USING PRIMARY KEY (key>?)"])
    }
  }

  /// A scrape of the metrics reads the subscribers once, and of the log only the events at their positions.
  @Test func theSlowestSubscribersNeedNoScanOfTheLog() throws {
    try withConnection { connection, _ in
      let plan = try connection.all("EXPLAIN QUERY PLAN \(SubscriberTable.slowestQuery)") { $0.text(3) }
      #expect(plan.count { $0.contains("SCAN subscriber") } == 1)
      #expect(plan.filter { $0.contains(" event") } == ["SEARCH event USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN"])
    }
  }

  /// A copy of the store reads all of them by pages.
  @Test func aPageOfSnapshotsIsASearchByTheirKey() throws {
    try withConnection { connection, _ in
      let plan = try connection.all("EXPLAIN QUERY PLAN \(SnapshotTable.pageQuery)") { $0.text(3) }
      #expect(
        plan == ["SEARCH snapshot USING INDEX sqlite_autoindex_snapshot_1 ((type,revision,id)>(?,?,?))"])
    }
  }
}
