import Evento
import EventoTesting

extension Defect {
  static let order: [Defect] = [
    Defect(
      "the log is in the order of timestamps",
      caughtBy: [
        "the order of the log is that of commits, whatever the timestamps"
      ]
    ) {
      $0.orderLog { ($0.timestamp, $0.id) < ($1.timestamp, $1.id) }
    },
    Defect(
      "the log is in the order of ids",
      caughtBy: [
        "the order of the log is that of commits, whatever the ids",
        "some events of a write can have an id and others none",
        "an event that commits late never appears before a reader's position",
      ]
    ) { $0.orderLog { $0.id < $1.id } },
    Defect(
      "the log is in the order of aggregates",
      caughtBy: [
        "a write can span aggregates and types"
      ]
    ) {
      $0.orderLog { ($0.aggregatorID, $0.version) < ($1.aggregatorID, $1.version) }
    },
    Defect(
      "a reader skips an event at times",
      caughtBy: [
        "readers with a filter miss nothing under sixteen writers",
        "readers that continue from their cursors miss no event of sixteen writers",
        "readers with several filters miss no event of sixteen writers",
        "readers of a routing key miss nothing under sixteen writers",
      ]
    ) {
      $0.changePages { page, _ in
        if page.edges.count > 2, page.pageInfo.hasNextPage { page.edges.remove(at: 1) }
      }
    },
    Defect("half a write can be seen", caughtBy: ["a reader never sees half a write"]) {
      $0.changePages { page, args in
        if case .backward(1000, _) = args, page.edges.count % 4 == 0, !page.edges.isEmpty { page.edges.removeLast() }
      }
    },
    Defect(
      "commits are never told of",
      caughtBy: [
        "a commit moves the signal on", "who waits for a commit is woken by it",
        "one commit wakes all waiting tasks",
        "readers that sleep on the signal miss nothing under sixteen writers",
      ]
    ) { $0.commits = CommitSignal() },
    Defect(
      "versions have gaps",
      caughtBy: [
        "versions of an aggregate have no gaps under sixteen writers",
        "after going back, later events are read again",
      ]
    ) {
      $0.changeNodes { $0.with(version: $0.version > 5 ? $0.version + 1 : $0.version) }
    },
  ]
}

extension Defect.Hooks {
  /// Reads forward as somebody does whose log is sorted by something else than commits: a position is that of an event in
  /// that order.
  mutating func orderLog(_ precedes: @escaping @Sendable (Event, Event) -> Bool) {
    read = { store, aggregators, routingKey, args throws in
      let page = try await store.read(aggregators, routingKey: routingKey, args: args)
      let log = try await store.everything().sorted { precedes($0.node, $1.node) }
      guard case .forward(let first, let start) = args, start != .now, first > 0 else { return page }
      var position = 0
      if case .after(let cursor) = start, let index = log.firstIndex(where: { $0.cursor == cursor }) {
        position = index + 1
      }
      let matching = log[position...].filter { edge in
        routingKey.matches(edge.node) && (aggregators?.contains { $0.matches(edge.node) } ?? true)
      }
      let edges = Array(matching.prefix(first))
      return ReadResult(
        edges: edges,
        pageInfo: PageInfo(
          hasPreviousPage: false, hasNextPage: matching.count > first, startCursor: edges.first?.cursor,
          endCursor: edges.last?.cursor ?? log.last?.cursor ?? page.pageInfo.endCursor))
    }
  }
}
