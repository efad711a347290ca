import Evento
import Testing

@testable import EventoGateway

/// Which followers an event wakes.
@Suite struct FilterIndexTests {
  private static let words = ["a", "b", "é", "e\u{301}"]

  /// A word, a third of the time none.
  private func word(_ random: inout some RandomNumberGenerator) -> String? {
    Int.random(in: 0..<3, using: &random) == 0 ? nil : Self.words.randomElement(using: &random)
  }

  private func filter(_ random: inout some RandomNumberGenerator) -> FollowFilter {
    let keys: [RoutingKey] = [.all, .all, .value(nil), .value("k")]
    let count = Int.random(in: 0...3, using: &random)
    let aggregators = (0..<count).map { _ in
      ReadAggregator(Self.words.randomElement(using: &random) ?? "a", id: word(&random), name: word(&random))
    }
    return FollowFilter(
      aggregators: Bool.random(using: &random) ? nil : aggregators,
      routingKey: keys.randomElement(using: &random) ?? .all)
  }

  private func edge(_ random: inout some RandomNumberGenerator) throws -> Edge<Event> {
    let event = Event(
      id: ULID(), aggregatorType: word(&random) ?? "z", aggregatorID: word(&random) ?? "z", version: 1,
      name: word(&random) ?? "z", routingKey: Bool.random(using: &random) ? nil : "k", data: Payload(),
      metadata: Metadata(), timestamp: Timestamp(seconds: 0))
    return Edge(cursor: Cursor(content: [0]), node: event)
  }

  private static func names(_ event: Event) -> CommitHint.Event {
    CommitHint.Event(
      aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name,
      routingKey: event.routingKey)
  }

  private static func passes(_ filter: FollowFilter, _ event: Event) -> Bool {
    filter.routingKey.matches(event) && filter.aggregators?.contains { $0.matches(event) } ?? true
  }

  /// The same as trying every filter, whatever has come and gone before.
  @Test func findsWhatEveryFilterByItselfWould() throws {
    var random = SystemRandomNumberGenerator()
    var index = FilterIndex<Int>()
    var joined: [FilterIndex<Int>.Member] = []
    for step in 0..<2000 {
      if Bool.random(using: &random) || joined.isEmpty {
        joined.append(try #require(index.join(filter(&random)) { step }))
      } else {
        index.leave(joined.remove(at: Int.random(in: 0..<joined.count, using: &random)).number)
        if joined.count > 60 { index.leave(joined.removeLast().number) }
      }
      #expect(index.isEmpty == joined.isEmpty)
      #expect(Set(index.values) == Set(joined.map(\.value)))
      let edges = try (0..<Int.random(in: 0...3, using: &random)).map { _ in try edge(&random) }
      let expected = joined.filter { joined in edges.contains { Self.passes(joined.filter, $0.node) } }
      var found = FilterIndex<Int>.Matches()
      for edge in edges { index.find(Self.names(edge.node), &found) }
      #expect(Set(index.values(found)) == Set(expected.map(\.value)))
    }
  }

  /// Equal filters are one, and count as one; texts that Swift takes for equal and that are other bytes are not.
  @Test func sharesEqualFilters() throws {
    func filter(_ name: String) -> FollowFilter {
      FollowFilter(aggregators: [ReadAggregator("type", name: name)], routingKey: .value(nil))
    }
    var index = FilterIndex<Int>()
    let first = try #require(index.join(filter("é")) { 1 })
    let cost = index.cost
    let equal = try #require(index.join(filter("é")) { 2 })
    #expect(equal.number == first.number && equal.value == 1 && equal.filter === first.filter && index.cost == cost)
    let other = try #require(index.join(filter("e\u{301}")) { 3 })
    #expect(other.number != first.number && other.value == 3 && index.cost == 2 * cost + 1)
    index.leave(first.number)
    #expect(index.cost == 2 * cost + 1)
    index.leave(equal.number)
    index.leave(other.number)
    #expect(index.isEmpty && index.cost == 0)
    // One that comes back is another: what was kept for the first must not be found for it.
    #expect(try #require(index.join(filter("é")) { 4 }).number > other.number)
  }

  @Test func takesSoManyBytes() throws {
    var index = FilterIndex<Int>()
    let filters = (0..<3).map { FollowFilter(aggregators: [ReadAggregator("type \($0)")], routingKey: .all) }
    let limit = filters[0].cost + filters[1].cost
    let members = try filters[..<2].map { try #require(index.join($0, upTo: limit) { 0 }) }
    #expect(index.join(filters[2], upTo: limit) { 0 } == nil && index.cost == limit)
    // An equal one takes nothing.
    #expect(index.join(filters[0], upTo: limit) { 0 } != nil)
    index.leave(members[1].number)
    #expect(index.join(filters[2], upTo: limit) { 0 } != nil && index.cost == limit)
  }
}
