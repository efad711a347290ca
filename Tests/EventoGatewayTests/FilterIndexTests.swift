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
    return Edge(cursor: Cursor(place: [0]), node: event)
  }

  /// The same as trying every filter, whatever has come and gone before.
  @Test func findsWhatEveryFilterByItselfWould() throws {
    var random = SystemRandomNumberGenerator()
    var index = FilterIndex<Int>()
    var joined: [(filter: FollowFilter, value: Int)] = []
    for step in 0..<2000 {
      if Bool.random(using: &random) || joined.isEmpty {
        let filter = filter(&random)
        joined.append((filter, index.join(filter) { step }))
      } else {
        index.leave(joined.remove(at: Int.random(in: 0..<joined.count, using: &random)).filter)
        if joined.count > 60 { index.leave(joined.removeLast().filter) }
      }
      #expect(index.isEmpty == joined.isEmpty)
      #expect(Set(index.values) == Set(joined.map(\.value)))
      let edges = try (0..<Int.random(in: 0...3, using: &random)).map { _ in try edge(&random) }
      let expected = joined.filter { joined in edges.contains { $0.show { joined.filter.matches($0) } } }
      var found = FilterIndex<Int>.Matches()
      for edge in edges { edge.show { index.find($0, &found) } }
      #expect(Set(index.values(found)) == Set(expected.map(\.value)))
    }
  }
}
