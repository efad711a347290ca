internal import CSQLite
internal import Evento

/// Reads events on one connection.
struct EventReader {
  let connection: Connection
  let symbols: SymbolTable
  let limits: PageLimits

  /// The maximum size of a page, whatever the read requests.
  struct PageLimits {
    let events: Int
    /// The maximum size of payloads and metadata, in bytes. A larger event is returned alone.
    let bytes: Int
  }

  /// Returns one page, read in one transaction.
  func page(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args) throws -> ReadResult<Event> {
    var values = Values()
    let info = try show(aggregators, routingKey, args, to: &values)
    if case .backward = args { values.edges.reverse() }
    return values.finish(info)
  }

  /// The events of a page as values.
  private struct Values: PageBuilder {
    var edges: [Edge<Event>] = []

    mutating func add(_ event: borrowing EventView) -> Bool {
      edges.append(Edge(event))
      return true
    }

    func finish(_ info: PageInfo) -> ReadResult<Event> { ReadResult(edges: edges, pageInfo: info) }
  }

  /// Passes one page, read in one transaction, to a builder; see ``CallbackExecutor``.
  func show(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args, to builder: inout some PageBuilder
  ) throws -> PageInfo {
    try connection.snapshot {
      switch args {
      case .forward(let first, let after):
        let start = try position(of: after)
        let page = try forward(aggregators, routingKey, from: start.position, count: first, to: &builder)
        var end = page.last?.cursor
        if end == nil { end = try first == 0 ? start.cursor : connection.logEnd().cursor }
        return PageInfo(
          hasPreviousPage: false, hasNextPage: page.hasMore, startCursor: page.first?.cursor, endCursor: end)
      case .backward(let last, let before):
        let end = try before.map { try connection.position(of: $0).position } ?? Int64.max
        var page = Page(room: min(last, limits.events), bytes: limits.bytes)
        try fill(&page, from: try symbols.scans(aggregators, routingKey), end, .backward, to: &builder)
        return PageInfo(
          hasPreviousPage: page.hasMore, hasNextPage: false, startCursor: page.last?.cursor,
          endCursor: page.first?.cursor)
      }
    }
  }

  private func position(of start: Args.Start) throws -> LogPosition {
    switch start {
    case .beginning: try connection.logStart()
    case .after(let cursor): try connection.position(of: cursor)
    case .now: try connection.logEnd()
    }
  }

  /// Passes at most `count` events after a position to a builder.
  private func forward(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, from position: Int64, count: Int,
    to builder: inout some PageBuilder
  ) throws(SQLiteFailure) -> Page {
    var page = Page(room: min(count, limits.events), bytes: limits.bytes)
    if try isNearEnd(position, aggregators, routingKey) {
      let scan = LogScan(connection: connection, symbols: symbols)
      let positions = try scan.positions(after: position, aggregators, routingKey, limit: page.room + 1)
      for position in positions where !page.hasMore { try add(position, &page, to: &builder) }
    } else {
      try fill(&page, from: try symbols.scans(aggregators, routingKey), position, .forward, to: &builder)
    }
    return page
  }

  /// Returns whether so few events follow a position that reading all of them costs less than the index scans of the
  /// filters.
  private func isNearEnd(
    _ position: Int64, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey
  ) throws(SQLiteFailure) -> Bool {
    guard LogScan.maximumScans(aggregators, routingKey) > Self.fewScans else { return false }
    return LogScan.isCheaper(for: try connection.logEnd().position - position, filters: aggregators?.count ?? 1)
  }

  /// The number of index scans up to which reading the end of the log first is not worth it.
  private static let fewScans = 4

  /// Fills a page with the events of some scans.
  private func fill(
    _ page: inout Page, from scans: Set<IndexScan>, _ position: Int64, _ direction: IndexScan.Direction,
    to builder: inout some PageBuilder
  ) throws(SQLiteFailure) {
    if scans.count == 1, let scan = scans.first, let query = scan.query(.rows, direction),
      try !isLongFilter(scan, from: position, direction)
    {
      let statement = try connection.statement(query)
      defer { statement.reset() }
      // One more than requested shows whether there are more.
      try scan.bind(to: statement, from: position, limit: Int64(page.room + 1))
      // The common case: rows in the order of one index.
      while !page.hasMore, try statement.step() { try page.add(statement, symbols, to: &builder) }
    } else {
      var merge = KWayMerge(scans, from: position, direction, count: page.room + 1, on: connection)
      // Positions first, then the row of each.
      while !page.hasMore, let position = try merge.next() { try add(position, &page, to: &builder) }
    }
  }

  /// Returns whether to read the scan by positions, so that events without a match can be skipped.
  private func isLongFilter(
    _ scan: IndexScan, from position: Int64, _ direction: IndexScan.Direction
  ) throws(SQLiteFailure) -> Bool {
    try FilteredAggregate(scan, direction, on: connection)?.isLong(from: position) ?? false
  }

  /// Passes the event at a position to a builder, if the page has room for it.
  private func add(
    _ position: Int64, _ page: inout Page, to builder: inout some PageBuilder
  ) throws(SQLiteFailure) {
    let row = try connection.statement("SELECT \(EventRow.columns) FROM event WHERE position = ?1")
    defer { row.reset() }
    try row.bind(1, position)
    guard try row.step() else {
      throw SQLiteFailure(
        code: SQLITE_CORRUPT, message: "an index refers to event \(position), which is missing", action: "read an event"
      )
    }
    try page.add(row, symbols, to: &builder)
  }

  /// The state of a page while it is filled.
  private struct Page {
    /// The number of events for which there is room.
    private(set) var room: Int
    /// The bytes of payloads and metadata for which there is room.
    private var bytes: Int
    /// The positions of its first and last event, in the order in which they were read.
    private(set) var first: LogPosition?
    private(set) var last: LogPosition?
    /// True if there was an event that did not fit.
    private(set) var hasMore = false

    init(room: Int, bytes: Int) {
      self.room = room
      self.bytes = bytes
    }

    /// Passes the event of a row to a builder, if there is room for it. An event that does not fit is left to the next
    /// page, unless it would be the first.
    mutating func add(
      _ row: Statement, _ symbols: SymbolTable, to builder: inout some PageBuilder
    ) throws(SQLiteFailure) {
      guard room > 0 else { return hasMore = true }
      let (left, isFirst, position) = (bytes, first == nil, EventRow.position(row))
      // Before a large payload is read.
      let length = EventRow.payloadLength(row)
      guard isFirst || length <= left && builder.hasRoom(payloadBytes: length, isJSON: EventRow.isJSON(row)) else {
        return hasMore = true
      }
      var size = 0
      let fits = try EventRow.withView(row, at: position, symbols) { event in
        size = event.data.count + event.metadata.count
        return (size <= left || isFirst) && builder.add(event)
      }
      guard fits else { return hasMore = true }
      room -= 1
      bytes -= size
      last = position
      if isFirst { first = position }
    }
  }
}
