internal import CSQLite
internal import Evento

/// Reads events on one connection.
struct EventReader {
  let connection: Connection
  let catalog: Catalog
  let limits: PageLimits
  /// Whether payloads and metadata are wanted.
  var showsContent = true

  /// What a page holds at most, whatever is asked for.
  struct PageLimits {
    let events: Int
    /// Of payloads and metadata. A single event that is larger comes alone.
    let bytes: Int
  }

  /// One page, all of it of one moment.
  func page(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args) throws -> ReadResult<Event> {
    var edges: [Edge<Event>] = []
    let info = try show(aggregators, routingKey, args) { event in
      edges.append(Edge(event))
      return true
    }
    if case .backward = args { edges.reverse() }
    return ReadResult(edges: edges, pageInfo: info)
  }

  /// Shows one page, all of it of one moment, as ``EventViewer`` says.
  func show(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args, _ each: (borrowing EventView) -> Bool
  ) throws -> PageInfo {
    try connection.snapshot {
      switch args {
      case .forward(let first, let start):
        let place = try place(of: start)
        let page = try forward(aggregators, routingKey, from: place.position, count: first, each)
        var end = page.last?.cursor
        if end == nil { end = try first == 0 ? place.cursor : connection.logEnd().cursor }
        return PageInfo(
          hasPreviousPage: false, hasNextPage: page.hasMore, startCursor: page.first?.cursor, endCursor: end)
      case .backward(let last, let before):
        let place = try before.map { try connection.place(of: $0).position } ?? Int64.max
        var page = Page(room: min(last, limits.events), bytes: limits.bytes)
        try fill(&page, from: try catalog.sources(aggregators, routingKey), place, .backward, each)
        return PageInfo(
          hasPreviousPage: page.hasMore, hasNextPage: false, startCursor: page.last?.cursor,
          endCursor: page.first?.cursor)
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

  /// Shows at most `count` events behind a place.
  private func forward(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, from place: Int64, count: Int,
    _ each: (borrowing EventView) -> Bool
  ) throws(SQLiteFailure) -> Page {
    var page = Page(room: min(count, limits.events), bytes: limits.bytes)
    if try isNearEnd(place, aggregators, routingKey) {
      let scan = LogScan(connection: connection, catalog: catalog)
      let positions = try scan.positions(after: place, aggregators, routingKey, limit: page.room + 1)
      for position in positions where !page.hasMore { try add(position, to: &page, each) }
    } else {
      try fill(&page, from: try catalog.sources(aggregators, routingKey), place, .forward, each)
    }
    return page
  }

  /// Whether so few events lie behind a place that reading all of them costs less than the index scans of the filters.
  private func isNearEnd(
    _ place: Int64, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey
  ) throws(SQLiteFailure) -> Bool {
    guard LogScan.maximumScans(aggregators, routingKey) > Self.fewScans else { return false }
    return LogScan.isCheaper(for: try connection.logEnd().position - place, filters: aggregators?.count ?? 1)
  }

  /// With so few index scans it is not worth reading the end of the log first.
  private static let fewScans = 4

  /// Fills a page with the events of some sources.
  private func fill(
    _ page: inout Page, from sources: Set<EventSource>, _ place: Int64, _ direction: EventSource.Direction,
    _ each: (borrowing EventView) -> Bool
  ) throws(SQLiteFailure) {
    if sources.count == 1, let source = sources.first, let query = source.query(columns, direction),
      try !isLongFilter(source, from: place, direction)
    {
      let statement = try connection.statement(query)
      defer { statement.reset() }
      // One more than wanted tells whether there are more.
      try source.bind(to: statement, from: place, limit: Int64(page.room + 1))
      // The usual read: rows as one index gives them.
      while !page.hasMore, try statement.step() { try page.add(statement, catalog, each) }
    } else {
      var merge = PositionMerge(sources, from: place, direction, count: page.room + 1, on: connection)
      // Positions first, then the row of each.
      while !page.hasMore, let position = try merge.next() { try add(position, to: &page, each) }
    }
  }

  /// Whether the source is to be read by positions, so that what does not match can be skipped.
  private func isLongFilter(
    _ source: EventSource, from place: Int64, _ direction: EventSource.Direction
  ) throws(SQLiteFailure) -> Bool {
    try FilteredAggregate(source, direction, on: connection)?.isLong(from: place) ?? false
  }

  private var columns: EventSource.Columns { showsContent ? .rows : .rowsWithoutContent }

  /// Shows the event at a position, if the page has room for it.
  private func add(
    _ position: Int64, to page: inout Page, _ each: (borrowing EventView) -> Bool
  ) throws(SQLiteFailure) {
    let row = try connection.statement("SELECT \(columns.text) FROM event WHERE position = ?1")
    defer { row.reset() }
    try row.bind(1, position)
    guard try row.step() else {
      throw SQLiteFailure(
        code: SQLITE_CORRUPT, message: "an index names event \(position), which is missing", action: "read an event"
      )
    }
    try page.add(row, catalog, each)
  }

  /// A page as it fills.
  private struct Page {
    /// How many events it takes still.
    private(set) var room: Int
    /// How many bytes of payloads and metadata it takes still.
    private var bytes: Int
    /// The places of its first and last event, in the order in which they were read.
    private(set) var first: LogPosition?
    private(set) var last: LogPosition?
    /// Whether there was an event that it had no room for.
    private(set) var hasMore = false

    init(room: Int, bytes: Int) {
      self.room = room
      self.bytes = bytes
    }

    /// Shows the event of a row, if there is room for it. One that does not fit is left for the next page, unless it
    /// would be the first.
    mutating func add(
      _ row: Statement, _ catalog: Catalog, _ each: (borrowing EventView) -> Bool
    ) throws(SQLiteFailure) {
      guard room > 0 else { return hasMore = true }
      let (left, isFirst, place) = (bytes, first == nil, EventRow.place(row))
      var size = 0
      let fits = try EventRow.show(row, at: place, catalog) { event in
        size = event.data.count + event.metadata.count
        return (size <= left || isFirst) && each(event)
      }
      guard fits else { return hasMore = true }
      room -= 1
      bytes -= size
      last = place
      if isFirst { first = place }
    }
  }
}
