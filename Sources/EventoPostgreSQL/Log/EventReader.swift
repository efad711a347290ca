internal import Evento
internal import EventoStorage

/// Reads events in one session.
///
/// A page takes one round trip if the ids of its filters and the names of its events are cached and no payload is large,
/// and at most four otherwise. Each statement sees the log as of its own moment, so the order of the statements matters:
///
/// - The end of the log is read first. If the page is empty, the next read starts there: the page had all events up to
///   it.
/// - A name that is not stored may be stored by the time the page is read. So the page then ends at that end of the log,
///   before which no event has the name. Otherwise, events with it would be skipped.
struct EventReader {
  let session: ConnectionPool.Session
  let limits: PageLimits

  /// Returns one page.
  func page(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args) throws -> ReadResult<Event> {
    var events = EventsBuilder(args)
    let info = try show(aggregators, routingKey, args, to: &events)
    return events.finish(info)
  }

  /// Passes one page to a builder; see ``CallbackExecutor``.
  func show(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ args: Args, to builder: inout some PageBuilder
  ) throws -> PageInfo {
    let filters = FilterList(aggregators, routingKey, &session.filters)
    switch args {
    case .forward(_, .now): return try emptyPage()
    case .forward(let count, let start):
      let cursor = try start.cursor.map { (cursor) throws(EventoError) in try LogPosition(named: cursor) }
      var page = PageState(count: count, limits)
      let range = EventQuery.Range(lower: cursor?.position ?? 0, direction: .forward)
      let history = try fill(&page, filters, range, cursor, to: &builder)
      return page.forwardInfo { count == 0 ? cursor ?? history.start : history.end }
    case .backward(let count, let before):
      let cursor = try before.map { (cursor) throws(EventoError) in try LogPosition(named: cursor) }
      var page = PageState(count: count, limits)
      // A position that is not in the log may be the least integer.
      let range = EventQuery.Range(upper: cursor.map { $0.position &- 1 } ?? .max, direction: .backward)
      _ = try fill(&page, filters, range, cursor, to: &builder)
      return page.backwardInfo
    }
  }

  /// Returns the page from the end of the log, which never has events.
  private func emptyPage() throws -> PageInfo {
    let history = try self.history()
    return PageState(count: 0, limits).forwardInfo { history.end }
  }

  /// Returns the ends of the log.
  func history() throws -> LogHistory {
    let query = LogHistory.query()
    return try LogHistory(session.connection.run(query.statement, query.parameters))
  }

  /// Fills a page with the events of a range that match the filters.
  ///
  /// - Parameter cursor: A position to check.
  private func fill(
    _ page: inout PageState, _ filters: FilterList, _ range: EventQuery.Range, _ cursor: LogPosition?,
    to builder: inout some PageBuilder
  ) throws -> LogHistory {
    var filters = filters
    var range = range
    let connection = session.connection
    func run(_ query: EventQuery?) throws(PostgreSQLFailure) -> QueryResult? {
      try query.map { (query) throws(PostgreSQLFailure) in try connection.run(query.statement, query.parameters) }
    }
    let first = LogHistory.query(cursor)
    let history: LogHistory
    var rows: QueryResult?
    if let resolution = filters.resolution {
      let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        try pipeline.send(first.statement, first.parameters)
        try pipeline.send(FilterResolution.statement, resolution.parameters)
        return try pipeline.sync()
      }
      history = try LogHistory(results[0])
      if let cursor { try history.check(cursor) }
      if !filters.resolve(results[1], &session.filters) { range.upper = min(range.upper, history.end.position) }
      rows = try run(query(page, filters.targets, range, .small, builder))
    } else {
      let query = query(page, filters.targets, range, .small, builder)
      let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
        try pipeline.send(first.statement, first.parameters)
        if let query { try pipeline.send(query.statement, query.parameters) }
        return try pipeline.sync()
      }
      history = try LogHistory(results[0])
      if let cursor { try history.check(cursor) }
      rows = results.count > 1 ? results[1] : nil
    }
    if let found = rows, endsEarly(found, page, builder) {
      rows = try run(query(page, filters.targets, range, .bounded, builder))
    }
    if let rows { try add(rows, filters.targets, range, &page, to: &builder) }
    return history
  }

  /// Returns whether an event that came without its payload would end the page before it is half full. Otherwise, that
  /// event is the first one of the next page, which is read again.
  private func endsEarly(_ rows: QueryResult, _ page: PageState, _ builder: some PageBuilder) -> Bool {
    var bytes = 0
    for row in 0..<min(rows.rowCount, page.room) {
      guard EventRow.hasPayload(rows, row) else {
        return row == 0 || row < page.room / 2 && bytes < byteLimit(builder) / 2
      }
      bytes += EventRow.payloadLength(rows, row)
    }
    return false
  }

  private func byteLimit(_ builder: some PageBuilder) -> Int { min(limits.bytes, builder.byteLimit) }

  /// - Returns: `nil` if no event can match.
  private func query(
    _ page: PageState, _ targets: Set<FilterTarget>, _ range: EventQuery.Range, _ payloads: EventRow.Payloads,
    _ builder: some PageBuilder
  ) -> EventQuery? {
    guard !targets.isEmpty else { return nil }
    // One more than requested shows whether there are more.
    let limit = page.room + 1
    let bytes = byteLimit(builder)
    let share =
      switch payloads {
      case .small: max(bytes / limit, Self.bytesInRow)
      case .bounded: bytes
      }
    return .page(targets, range, limit: limit, payloads, bytes: share)
  }

  /// The size from which on PostgreSQL stores values apart from their row, roughly.
  private static let bytesInRow = 2000

  /// Passes the events of a result to a builder, as long as the page has room for them.
  ///
  /// If one is damaged or missing, the page ends before it, unless it would be empty: the next page begins there, and has
  /// the error.
  private func add(
    _ rows: QueryResult, _ targets: Set<FilterTarget>, _ range: EventQuery.Range, _ page: inout PageState,
    to builder: inout some PageBuilder
  ) throws {
    do {
      try addWhole(rows, targets, range, &page, to: &builder)
    } catch let error as EventoError where error.code == .damaged && page.first != nil {
      page.end()
    }
  }

  private func addWhole(
    _ rows: QueryResult, _ targets: Set<FilterTarget>, _ range: EventQuery.Range, _ page: inout PageState,
    to builder: inout some PageBuilder
  ) throws {
    // A page that is read backward from the end begins at any position.
    let start: Int64? =
      switch range.direction {
      case .forward: range.lower
      case .backward: range.upper == .max ? nil : range.upper &+ 1
      }
    var gaps = targets.contains(.log) ? GapCheck(after: start, range.direction) : nil
    let names = try session.symbols.names(of: rows, on: session.connection)
    defer { session.symbols.keep(names) }
    for row in 0..<rows.rowCount where !page.hasMore {
      let position = EventRow.position(rows, row)
      if let gap = gaps?.gap(before: position.position), let first = gap.first, let last = gap.last {
        let damage = Damage.missing(first...last, before: position)
        throw damage.error(cause: damage.summary)
      }
      guard EventRow.hasPayload(rows, row) else { return page.end() }
      guard
        page.hasRoom(payloadBytes: EventRow.payloadLength(rows, row), isJSON: EventRow.isJSON(rows, row), in: builder)
      else { return }
      try EventRow.withView(rows, row, names) { view, position in page.add(view, at: position, to: &builder) }
    }
  }
}

extension Args.Start {
  fileprivate var cursor: Cursor? {
    if case .after(let cursor) = self { cursor } else { nil }
  }
}

/// The filters of one read, with those whose ids are not cached.
private struct FilterList {
  /// The filters with ids.
  private(set) var targets: Set<FilterTarget> = []
  /// The filters without; `nil` for any event with the routing key.
  private var unknown: [ReadAggregator?] = []
  private let routingKey: RoutingKey

  init(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ cache: inout FilterCache) {
    self.routingKey = routingKey
    if aggregators == nil, routingKey == .all {
      targets = [.log]
      return
    }
    for aggregator in aggregators.map({ $0.map(Optional.some) }) ?? [nil] {
      if let target = cache.target(of: FilterKey(aggregator, routingKey)) {
        targets.insert(target)
      } else {
        unknown.append(aggregator)
      }
    }
  }

  /// The search for the missing ids; `nil` if none is missing.
  var resolution: FilterResolution? {
    unknown.isEmpty ? nil : FilterResolution(unknown, routingKey)
  }

  /// Takes over what the search has found.
  ///
  /// - Returns: False if a name is not stored.
  mutating func resolve(_ rows: QueryResult, _ cache: inout FilterCache) -> Bool {
    let found = FilterResolution(unknown, routingKey).targets(rows)
    for (aggregator, target) in zip(unknown, found) {
      guard let target else { continue }
      targets.insert(target)
      cache.keep(target, of: FilterKey(aggregator, routingKey))
    }
    return !found.contains(nil)
  }
}
