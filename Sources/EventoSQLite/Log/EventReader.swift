internal import CSQLite
internal import Evento
internal import EventoStorage

/// Reads events on one connection.
struct EventReader {
  let connection: Connection
  let symbols: SymbolTable
  let limits: PageLimits

  /// Returns one page, read in one transaction.
  func page(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args) throws -> ReadResult<Event> {
    var events = EventsBuilder(args)
    let info = try show(aggregators, routingKey, args, to: &events)
    return events.finish(info)
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
        return try page.forwardInfo { () throws(SQLiteFailure) in try first == 0 ? start : connection.logEnd() }
      case .backward(let last, let before):
        let end = try before.map { try connection.position(of: $0).position } ?? Int64.max
        var page = PageState(count: last, limits)
        try fill(&page, aggregators, routingKey, from: end, .backward, to: &builder)
        return page.backwardInfo
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
  ) throws(SQLiteFailure) -> PageState {
    var page = PageState(count: count, limits)
    if try isNearEnd(position, aggregators, routingKey) {
      let scan = LogScan(connection: connection, symbols: symbols)
      let positions = try scan.positions(after: position, aggregators, routingKey, limit: page.room + 1)
      var check = EventCheck(aggregators, routingKey)
      try untilDamage(&page, &builder) { (page, builder) throws(SQLiteFailure) in
        for position in positions where !page.hasMore { try add(position, &check, &page, to: &builder) }
      }
    } else {
      try fill(&page, aggregators, routingKey, from: position, .forward, to: &builder)
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

  /// Fills a page with the events that match some filters.
  private func fill(
    _ page: inout PageState, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, from position: Int64,
    _ direction: ReadDirection, to builder: inout some PageBuilder
  ) throws(SQLiteFailure) {
    let scans = try symbols.scans(aggregators, routingKey)
    try untilDamage(&page, &builder) { (page, builder) throws(SQLiteFailure) in
      if scans.count == 1, let scan = scans.first, let query = scan.query(.rows, direction),
        try !isLongFilter(scan, from: position, direction)
      {
        let statement = try connection.statement(query)
        defer { statement.reset() }
        // One more than requested shows whether there are more.
        try scan.bind(to: statement, from: position, limit: Int64(page.room + 1))
        var check = EventCheck(aggregators, routingKey, scan, from: position, direction)
        // The common case: rows in the order of one index.
        while !page.hasMore, try statement.step() { try add(statement, &check, &page, to: &builder) }
        if !page.hasMore { try check.checkBeginning() }
      } else {
        var merge = KWayMerge(scans, from: position, direction, count: page.room + 1, on: connection)
        var check = EventCheck(aggregators, routingKey)
        // Positions first, then the row of each.
        while !page.hasMore, let position = try merge.next() { try add(position, &check, &page, to: &builder) }
      }
    }
  }

  /// Calls `body`, which fills a page. If it finds damage, the page ends before it, unless it would be empty: the next
  /// page begins there, and has the error.
  private func untilDamage<Builder: PageBuilder>(
    _ page: inout PageState, _ builder: inout Builder,
    _ body: (inout PageState, inout Builder) throws(SQLiteFailure) -> Void
  ) throws(SQLiteFailure) {
    do throws(SQLiteFailure) {
      try body(&page, &builder)
    } catch {
      guard error.isDamage, page.first != nil else { throw error }
      page.end()
    }
  }

  /// Returns whether to read the scan by positions, so that events without a match can be skipped.
  private func isLongFilter(
    _ scan: IndexScan, from position: Int64, _ direction: ReadDirection
  ) throws(SQLiteFailure) -> Bool {
    try FilteredAggregate(scan, direction, on: connection)?.isLong(from: position) ?? false
  }

  /// Passes the event at a position to a builder, if the page has room for it.
  private func add(
    _ position: Int64, _ check: inout EventCheck, _ page: inout PageState, to builder: inout some PageBuilder
  ) throws(SQLiteFailure) {
    let row = try connection.statement("SELECT \(EventRow.columns) FROM event WHERE position = ?1")
    defer { row.reset() }
    try row.bind(1, position)
    // An index refers to it.
    guard try row.step() else { throw SQLiteFailure(.index) }
    try add(row, &check, &page, to: &builder)
  }

  /// Passes the event of a row to a builder, if the page has room for it.
  private func add(
    _ row: Statement, _ check: inout EventCheck, _ page: inout PageState, to builder: inout some PageBuilder
  ) throws(SQLiteFailure) {
    let position = EventRow.position(row)
    try check.checkOrder(row, at: position)
    // Before a large payload is read.
    let payload = EventRow.payload(row)
    guard page.hasRoom(payloadBytes: payload.length, isJSON: EventRow.isJSON(row), in: builder) else { return }
    let isMatch = try EventRow.withView(row, payload, at: position, symbols) { view in
      guard check.matches(view, row) else { return false }
      page.add(view, at: position, to: &builder)
      return true
    }
    guard isMatch else { throw SQLiteFailure(.index) }
  }
}
