import Evento
import EventoTesting
import Testing

/// Three stores in memory, and the group of them.
struct ThreeStores {
  let members: [InMemoryExecutor]
  let group: ExecutorGroup

  init(limits: InMemoryExecutor.PageLimits = InMemoryExecutor.PageLimits()) {
    members = (0..<3).map { _ in InMemoryExecutor(limits: limits) }
    group = ExecutorGroup(members)
  }

  /// Writes one event to a member, past the group.
  @discardableResult
  func write(
    to member: Int, _ name: String = "N", at seconds: Int64, _ aggregatorID: String? = nil, routingKey: String? = nil
  ) async throws -> ULID {
    let event = NewEvent(
      aggregatorType: "t", aggregatorID: aggregatorID ?? "m\(member)", name: name, routingKey: .value(routingKey),
      timestamp: Timestamp(seconds: seconds))
    return try await members[member].write([event]).events[0].id
  }

  /// Fills the members with events whose times are in order in each, or wrong.
  func fill(_ count: Int, inOrder: Bool, seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    for number in 0..<count {
      let time = inOrder ? Int64(number / 3) : Int64.random(in: 0...Int64(count), using: &random)
      try await write(
        to: Int.random(in: 0..<3, using: &random), "N\(number % 3)", at: time,
        routingKey: [nil, "eu"][Int.random(in: 0...1, using: &random)])
    }
  }

  /// What stands in each member, in its order.
  func contents() async throws -> [[ULID]] {
    var contents: [[ULID]] = []
    for member in members { contents.append(try await member.forward().map(\.node.id)) }
    return contents
  }
}

extension Executor {
  /// Every event that matches, in pages, from a position on.
  func forward(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int = 1000,
    after start: Args.Start = .beginning
  ) async throws -> [Edge<Event>] {
    var edges: [Edge<Event>] = []
    var start = start
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .forward(first: count, after: start))
      edges += page.edges
      try #require(edges.count < 10_000)
      guard page.pageInfo.hasNextPage else { return edges }
      try #require(!page.edges.isEmpty, "a page with more behind it is never empty")
      start = .after(try #require(page.pageInfo.endCursor))
    }
  }

  /// Every event that matches, in pages from the end, oldest first.
  func backward(
    _ aggregators: [ReadAggregator]? = nil, _ routingKey: RoutingKey = .all, pageOf count: Int = 1000,
    before position: Cursor? = nil
  ) async throws -> [Edge<Event>] {
    var pages: [[Edge<Event>]] = []
    var position = position
    while true {
      let page = try await read(aggregators, routingKey: routingKey, args: .backward(last: count, before: position))
      pages.append(page.edges)
      try #require(pages.count < 10_000)
      guard page.pageInfo.hasPreviousPage else { return pages.reversed().flatMap { $0 } }
      try #require(!page.edges.isEmpty, "a page with more before it is never empty")
      position = page.pageInfo.startCursor
      try #require(position != nil)
    }
  }
}

/// The code of the error that `body` throws; `nil` where it throws none.
func code<T>(_ body: () async throws -> T) async -> EventoError.Code? {
  do {
    _ = try await body()
    return nil
  } catch {
    return (error as? EventoError)?.code
  }
}
