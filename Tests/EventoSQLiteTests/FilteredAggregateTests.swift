internal import CSQLite
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// A long aggregate, read by a name or a routing key that few of its events have, or none.
@Suite struct FilteredAggregateTests {
  /// 4,000 events of one aggregate, among others of its type with the same names and keys.
  static let events: [NewEvent] = (0..<5000).map { number in
    let isOther = number % 5 == 0
    let name = number % 1700 == 3 ? "Rare" : number == 4990 ? "Elsewhere" : "N\(number % 3)"
    return .sample(
      isOther ? "other-\(number % 7)" : "long", name, type: "t",
      routingKey: .value(number % 1100 == 7 ? "rare" : isOther ? "other" : number % 2 == 0 ? "even" : nil),
      data: Payload("\(number)"))
  }

  static let filters: [(name: String?, key: RoutingKey)] = {
    let names: [String?] = [nil, "N0", "Rare", "Elsewhere", "Nowhere"]
    let keys: [RoutingKey] = [.all, .value(nil), .value("even"), .value("rare"), .value("other"), .value("nowhere")]
    return names.flatMap { name in keys.map { (name, $0) } }
  }()

  @Test func everyFilterFindsItsEvents() async throws {
    try await withStore { store in
      for start in stride(from: 0, to: Self.events.count, by: 1000) {
        try await store.write(Array(Self.events[start..<start + 1000]))
      }
      for (name, key) in Self.filters {
        let numbers = Self.events.filter { event in
          guard case .value(let own) = event.routingKey, key.matches(own) else { return false }
          return event.aggregatorID == "long" && (name == nil || event.name == name)
        }
        .compactMap(\.data.text)
        let filter = [ReadAggregator("t", id: "long", name: name)]
        for size in [1, 90, 1000] {
          guard size > 1 || numbers.count < 10 else { continue }
          let found = try await store.everything(filter, key, pageOf: size).compactMap(\.node.data.text)
          #expect(found == numbers, "\(name ?? "any name"), \(key), \(size) a page")
        }
        let last = try await store.read(filter, routingKey: key, args: .backward(last: 4))
        #expect(last.edges.compactMap(\.node.data.text) == numbers.suffix(4), "\(name ?? "any name"), \(key)")
        #expect(last.pageInfo.hasPreviousPage == (numbers.count > 4))
        // With another filter beside it, the same is read by positions.
        let two = filter + [ReadAggregator("t", id: "nobody")]
        #expect(try await store.everything(two, key).compactMap(\.node.data.text) == numbers)
      }
    }
  }

  /// What SQLite executes for it does not grow with the aggregate, also if others beside it have what it has not:
  /// https://sqlite.org/c3ref/c_stmtstatus_counter.html
  @Test(
    arguments: [("Rare", nil), ("Elsewhere", nil), (nil, "elsewhere"), ("Usual", "elsewhere")] as [(String?, String?)])
  func whatCannotMatchIsSkipped(name: String?, key: String?) throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let symbols = SymbolTable(connection)
    let insertBuffer = InsertBuffer(connection)
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    _ = try writer.write([.sample("long", "Rare", type: "t")], condition: nil, commitID: 1)
    let others: [NewEvent] = ["Elsewhere", "Usual"].map {
      .sample("other", $0, type: "t", routingKey: .value("elsewhere"))
    }
    for _ in 0..<20 {
      _ = try writer.write(
        (0..<1000).flatMap { [.sample("long", "Usual", type: "t"), others[$0 % 2]] }, condition: nil, commitID: 1)
    }
    try insertBuffer.flush()
    let reader = EventReader(
      connection: connection, symbols: symbols, limits: PageLimits(events: 1000, bytes: 8 << 20))
    let filter = [ReadAggregator("t", id: "long", name: name)]
    let routingKey = key.map { RoutingKey.value($0) } ?? .all
    let count = name == "Rare" ? 1 : 0
    #expect(try reader.page(filter, routingKey, .forward(first: 10)).edges.count == count)
    #expect(try reader.page(filter, routingKey, .backward(last: 10)).edges.count == count)
    if name == "Elsewhere" {
      _ = try writer.write([.sample("x")], condition: WriteCondition(failIfEventsMatch: filter), commitID: 2)
    }
    let steps = connection.statements.filter { $0.key.sql.hasPrefix("SELECT") }.values
      .reduce(0) { $0 + $1.count(of: SQLITE_STMTSTATUS_VM_STEP) }
    // To walk the aggregate once takes more than 100,000.
    #expect(steps < 50_000, "\(steps) steps")
  }
}
