internal import Evento

/// Reads events on one connection.
struct EventReader {
  let connection: Connection
  let catalog: Catalog
  let limits: PageLimits

  /// What a page holds at most, whatever is asked for.
  struct PageLimits {
    let events: Int
    /// Of payloads and metadata. A single event that is larger comes alone.
    let bytes: Int
  }

  /// One page, all of it of one moment.
  func page(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args) throws -> ReadResult<Event> {
    try connection.snapshot {
      let sources = try catalog.sources(aggregators, routingKey)
      switch args {
      case .forward(let first, let start):
        let place = try place(of: start)
        let (edges, hasMore) = try collect(sources, from: place.position, .forward, count: first)
        var end = edges.last?.cursor
        if end == nil { end = try first == 0 ? place.cursor : connection.logEnd().cursor }
        return ReadResult(
          edges: edges,
          pageInfo: PageInfo(
            hasPreviousPage: false, hasNextPage: hasMore, startCursor: edges.first?.cursor, endCursor: end))
      case .backward(let last, let before):
        let place = try before.map { try connection.place(of: $0).position } ?? Int64.max
        var (edges, hasMore) = try collect(sources, from: place, .backward, count: last)
        edges.reverse()
        return ReadResult(
          edges: edges,
          pageInfo: PageInfo(
            hasPreviousPage: hasMore, hasNextPage: false, startCursor: edges.first?.cursor,
            endCursor: edges.last?.cursor))
      }
    }
  }

  private func place(of start: Args.Start) throws -> LogPosition {
    switch start {
    case .beginning: try connection.logStart()
    case .after(let cursor): try connection.place(of: cursor)
    case .now: try connection.logEnd()
    }
  }

  /// At most `count` events from a place on, and whether there are more.
  private func collect(
    _ sources: Set<EventSource>, from place: Int64, _ direction: EventSource.Direction, count: Int
  ) throws(SQLiteFailure) -> (edges: [Edge<Event>], hasMore: Bool) {
    var page = Page(count: min(count, limits.events), bytes: limits.bytes)
    if sources.count == 1, let source = sources.first {
      try fill(&page, from: source, place, direction)
    } else {
      try fill(&page, from: sources, place, direction)
    }
    return (page.edges, page.hasMore)
  }

  /// The usual read: rows as one index gives them.
  private func fill(
    _ page: inout Page, from source: EventSource, _ place: Int64, _ direction: EventSource.Direction
  ) throws(SQLiteFailure) {
    let statement = try connection.statement(source.query(EventRow.columns, direction))
    defer { statement.reset() }
    try statement.bind(1, place)
    // One more than wanted tells whether there are more.
    try statement.bind(2, Int64(page.count + 1))
    for (number, value) in source.parameters.enumerated() { try statement.bind(Int32(number + 3), value) }
    while try statement.step() {
      guard page.hasRoom else { return page.hasMore = true }
      guard page.add(try EventRow.edge(statement, catalog)) else { return }
    }
  }

  /// Several sources: positions first, then the row of each.
  private func fill(
    _ page: inout Page, from sources: Set<EventSource>, _ place: Int64, _ direction: EventSource.Direction
  ) throws(SQLiteFailure) {
    var merge = PositionMerge(sources, from: place, direction, count: page.count + 1, on: connection)
    while let position = try merge.next() {
      guard page.hasRoom else { return page.hasMore = true }
      let edge = try connection.first(
        "SELECT \(EventRow.columns) FROM event WHERE position = ?1", .integer(position)
      ) { row throws(SQLiteFailure) in try EventRow.edge(row, catalog) }
      guard let edge, page.add(edge) else { return }
    }
  }

  /// A page as it fills.
  private struct Page {
    let count: Int
    var bytes: Int
    var edges: [Edge<Event>] = []
    var hasMore = false

    init(count: Int, bytes: Int) {
      self.count = count
      self.bytes = bytes
    }

    var hasRoom: Bool { edges.count < count }

    /// - Returns: whether the event fitted. One that does not is left for the next page, unless it would be the first.
    mutating func add(_ edge: Edge<Event>) -> Bool {
      bytes -= edge.node.data.bytes.count + edge.node.metadata.bytes.count
      guard bytes >= 0 || edges.isEmpty else {
        hasMore = true
        return false
      }
      edges.append(edge)
      return true
    }
  }
}
