internal import Evento

/// Finds matching events near the end of the log without an index: it reads each event and matches it in memory.
///
/// 200 filters by type can need 6,600 index scans (``Schema/kindsPerType``), and thousands of look-ups before them, even if
/// only one event lies behind the place.
struct LogScan {
  let connection: Connection
  let catalog: Catalog

  /// The number of events that can be matched in the time of one filter's look-ups and index scan: 0.2 µs for an event,
  /// 2.4 µs for a filter.
  static let eventsPerFilter = 8

  /// Whether scanning the last events of the log costs less than the index scans of the filters.
  static func pays(for events: Int64, filters: Int) -> Bool {
    events <= Int64(filters * eventsPerFilter)
  }

  /// About the maximum number of index scans that filters need, without a look at the catalogue.
  static func mostScans(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey = .all) -> Int {
    guard let aggregators else { return routingKey == .all ? 1 : Schema.lanesPerRoutingKey + 1 }
    return aggregators.reduce(0) { scans, aggregator in
      // All others need a scan for each name of a type, or a walk through an aggregate (``FilteredAggregate``).
      let needsOne =
        aggregator.aggregatorID == nil
        ? aggregator.name != nil : aggregator.name == nil && routingKey == .all
      return scans + (needsOne ? 1 : Schema.kindsPerType + 1)
    }
  }

  /// Returns the positions of the first matching events behind a place, at most `limit`.
  func positions(
    after place: Int64, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, limit: Int
  ) throws(SQLiteFailure) -> [Int64] {
    // No payload and no metadata: SQLite reads a large row's overflow pages only for a column on them
    // (https://sqlite.org/fileformat2.html#ovflpgs).
    let statement = try connection.statement(
      "SELECT position, lane, aggregate FROM event WHERE position > ?1 ORDER BY position")
    defer { statement.reset() }
    try statement.bind(1, place)
    // Made for the first event, since often there is none.
    var known: FilterSet?
    var positions: [Int64] = []
    while positions.count < limit, try statement.step() {
      let filters = known ?? FilterSet(aggregators, routingKey)
      known = filters
      let aggregate = statement.integer(2)
      let matches = try filters.matches(try catalog.names(ofLane: statement.integer(1))) { () throws(SQLiteFailure) in
        try catalog.key(ofAggregate: aggregate)
      }
      if matches { positions.append(statement.integer(0)) }
    }
    return positions
  }
}
