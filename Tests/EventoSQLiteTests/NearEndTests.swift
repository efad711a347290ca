internal import CSQLite
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// Pages of many filters from places near the end of the log, where the log is read itself.
@Suite struct NearEndTests {
  /// 900 events of few aggregates, names and routing keys, some of them with a payload that fills a page alone.
  static let events: [NewEvent] = (0..<900).map { (number: Int) -> NewEvent in
    let key: String? = number % 3 == 0 ? nil : "k\(number % 2)"
    let long = String(repeating: "x", count: 300)
    let data = Payload(number % 13 == 5 ? "\"\(long)\"" : "\(number)")
    return .sample("id-\(number % 5)", "N\(number % 7)", type: "t\(number % 11)", routingKey: .value(key), data: data)
  }

  struct Filters: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let aggregators: [ReadAggregator]?
  }

  /// Filters and others that match nothing beside them.
  private static func filters(_ name: String, _ filters: [ReadAggregator], among count: Int) -> Filters {
    let others = (filters.count..<max(count, filters.count)).map { number in
      switch number % 4 {
      case 0: ReadAggregator("absent-\(number)")
      case 1: ReadAggregator("t1", name: "Absent\(number)")
      case 2: ReadAggregator("t1", id: "absent-\(number)")
      default: ReadAggregator("t\(number % 11)", id: "id-1", name: "Absent\(number)")
      }
    }
    return Filters(testDescription: "\(count) with \(name)", aggregators: others + filters)
  }

  static let all: [Filters] = {
    var all = [
      Filters(testDescription: "no filter", aggregators: nil), Filters(testDescription: "none", aggregators: []),
      filters("nothing that matches", [], among: 100),
      filters("every type", (0..<11).map { ReadAggregator("t\($0)") }, among: 100),
      filters(
        "all kinds, twice",
        [
          ReadAggregator("t1"), ReadAggregator("t1", name: "N3"), ReadAggregator("t2", id: "id-1"),
          ReadAggregator("t2", name: "N0"), ReadAggregator("t2", id: "id-3", name: "N5"), ReadAggregator("t1"),
        ], among: 40),
    ]
    for count in [1, 7, 100] {
      all += [
        filters("a type", [ReadAggregator("t3")], among: count),
        filters("a name", [ReadAggregator("t3", name: "N2")], among: count),
        filters("an aggregate", [ReadAggregator("t3", id: "id-4")], among: count),
        filters("a name in an aggregate", [ReadAggregator("t3", id: "id-4", name: "N2")], among: count),
      ]
    }
    return all
  }()

  /// The page that events behind a place make.
  private static func model(
    _ log: [Edge<Event>], from place: Int, _ aggregators: [ReadAggregator]?, _ key: RoutingKey, first: Int,
    _ configuration: SQLiteConfiguration
  ) -> (edges: [Edge<Event>], hasMore: Bool) {
    var edges: [Edge<Event>] = []
    var bytes = 0
    for edge in log[place...] {
      let event = edge.node
      let matches = aggregators?.contains { filter in
        filter.aggregatorType == event.aggregatorType && (filter.name ?? event.name) == event.name
          && (filter.aggregatorID ?? event.aggregatorID) == event.aggregatorID
      }
      guard matches ?? true, key.matches(event) else { continue }
      bytes += event.data.bytes.count + event.metadata.bytes.count
      guard edges.count < min(first, configuration.pageEvents), edges.isEmpty || bytes <= configuration.pageBytes else {
        return (edges, true)
      }
      edges.append(edge)
    }
    return (edges, false)
  }

  @Test(arguments: all) func everyPageIsThatOfTheModel(_ filters: Filters) async throws {
    var configuration = SQLiteConfiguration()
    configuration.pageEvents = 50
    configuration.pageBytes = 400
    try await withStore(configuration) { [configuration] store in
      try await store.write(Self.events)
      let log = try await store.everything()
      try #require(log.count == Self.events.count)
      let bound = (filters.aggregators?.count ?? 1) * LogScan.eventsPerFilter
      let distances = Set([0, 1, 2, bound - 1, bound, bound + 1, 4 * bound, log.count])
      for distance in distances where 0...log.count ~= distance {
        let place = log.count - distance
        var starts: [Args.Start] = place == 0 ? [.beginning] : [.after(log[place - 1].cursor)]
        if distance == 0 { starts.append(.now) }
        for start in starts {
          for key in [RoutingKey.all, .value(nil), .value("k1"), .value("nowhere")] {
            for first in [0, 1, 3, 1000] {
              let page = try await store.read(
                filters.aggregators, routingKey: key, args: .forward(first: first, after: start))
              let model = Self.model(log, from: place, filters.aggregators, key, first: first, configuration)
              let comment: Comment = "\(first) of \(key) at \(distance) from the end"
              #expect(page.edges == model.edges, comment)
              #expect(page.pageInfo.hasNextPage == model.hasMore, comment)
              #expect(!page.pageInfo.hasPreviousPage, comment)
              #expect(page.pageInfo.startCursor == model.edges.first?.cursor, comment)
              guard let end = model.edges.last?.cursor ?? (first > 0 ? log.last?.cursor : nil) else {
                if place > 0 { #expect(page.pageInfo.endCursor == log[place - 1].cursor, comment) }
                continue
              }
              #expect(page.pageInfo.endCursor == end, comment)
            }
          }
        }
      }
    }
  }

  @Test func anEmptyLogHasAnEmptyPage() async throws {
    try await withStore { store in
      let filters = Self.filters("every type", [ReadAggregator("t1")], among: 100).aggregators
      let page = try await store.read(filters, routingKey: .all, args: .forward(first: 10, after: .now))
      #expect(page.edges.isEmpty && !page.pageInfo.hasNextPage)
      let start = try #require(page.pageInfo.endCursor)
      try await store.write([.sample("a", "N", type: "t1")])
      let next = try await store.read(filters, routingKey: .all, args: .forward(first: 10, after: .after(start)))
      #expect(next.edges.count == 1)
    }
  }

  /// Neither an index scan nor a look-up for each filter: https://sqlite.org/c3ref/c_stmtstatus_counter.html
  @Test func aReadNearTheEndRunsFewStatements() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let symbols = SymbolTable(connection)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    for number in 0..<33 {
      _ = try writer.write(
        (0..<200).map { .sample("a", "N\(number)", type: "t\($0)") }, condition: nil, commitID: 1)
    }
    let end = try writer.write([.sample("a", "N1", type: "t7")], condition: nil, commitID: 1).events[0].cursor
    let last = try writer.write([.sample("a", "N2", type: "t7")], condition: nil, commitID: 1).events[0].cursor
    try insertBuffer.flush()
    let reader = EventReader(
      connection: connection, symbols: symbols, limits: PageLimits(events: 1000, bytes: 8 << 20))
    let before = runs(on: connection)
    let filters = (0..<200).map { ReadAggregator("t\($0)") }
    let page = try reader.page(filters, .all, .forward(first: 10, after: .after(end)))
    #expect(page.edges.map(\.cursor) == [last] && !page.pageInfo.hasNextPage)
    #expect(runs(on: connection) - before < 20)
  }
}

/// How often a connection has run a statement that it still has.
func runs(on connection: Connection) -> Int {
  connection.statements.values.reduce(0) { $0 + $1.count(of: SQLITE_STMTSTATUS_RUN) }
}
