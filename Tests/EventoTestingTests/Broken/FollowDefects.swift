import Evento
import EventoTesting

extension Defect {
  static let following: [Defect] = [
    Defect(
      "a follower sees every event twice",
      caughtBy: [
        "a follower from the beginning gets what is stored, then what commits",
        "a follower starts right after a cursor", "a follower gets only what matches its filters",
        "a follower gets the events of its routing key alone", "followers miss nothing under sixteen writers",
        "a follower that continues from its cursor misses nothing",
      ]
    ) { $0.changeFollowedPages { page in page.edges = page.edges.flatMap { [$0, $0] } } },
    Defect(
      "a follower from now begins at the beginning",
      caughtBy: ["a follower from now gets nothing that was stored before"]
    ) {
      $0.events = { store, aggregators, key, start in
        store.events(matching: aggregators, routingKey: key, after: start == .now ? .beginning : start)
      }
    },
    Defect(
      "a follower's payloads have spaces for line separators",
      caughtBy: ["a follower gets names and payloads with line ends as they are"]
    ) {
      $0.changeFollowedPages { page in
        for index in page.edges.indices {
          let node = page.edges[index].node
          guard let text = node.data.text else { continue }
          page.edges[index].node = node.with(data: Payload(text.replacing("\u{2028}", with: " ")))
        }
      }
    },
    Defect("a follower never begins", caughtBy: ["a follower ends when its task is cancelled"]) {
      $0.events = { store, _, key, _ in store.events(matching: [], routingKey: key, after: .beginning) }
    },
    Defect("a follower takes any cursor", caughtBy: ["a follower of another store's cursor is refused"]) {
      $0.events = { store, aggregators, key, _ in
        store.events(matching: aggregators, routingKey: key, after: .now)
      }
    },
  ]
}

extension Defect.Hooks {
  fileprivate mutating func changeFollowedPages(_ change: @escaping @Sendable (inout ReadResult<Event>) -> Void) {
    events = { store, aggregators, key, start in
      EventSequence(after: start) {
        { (start) throws in
          let count = store.commits?.count ?? 0
          var page = try await store.read(aggregators, routingKey: key, args: .forward(first: 10, after: start))
          if page.edges.isEmpty { await store.commits?.wait(past: count, until: .now + .seconds(1)) }
          change(&page)
          return page
        }
      }
    }
  }
}
