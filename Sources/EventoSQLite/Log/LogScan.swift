internal import Evento
internal import EventoStorage

/// Finds matching events near the end of the log without an index, by reading each event and matching it in memory.
///
/// 200 filters by type can need 6,600 index scans (``IndexLimits/kindsPerType``), and thousands of look-ups before them,
/// even if only one event follows the position.
struct LogScan {
  let connection: Connection
  let symbols: SymbolTable

  /// The number of events that can be matched in the time of one filter's look-ups and index scan, which take 2.4 µs:
  /// an event takes 0.2 µs, and 1.6 µs if it fills a page.
  static let eventsPerFilter = 2

  /// Returns whether scanning the last events of the log costs less than the index scans of the filters.
  static func isCheaper(for events: Int64, filters: Int) -> Bool {
    events <= Int64(filters * eventsPerFilter)
  }

  /// Returns the approximate maximum number of index scans that filters need, without reading the symbol table.
  static func maximumScans(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey = .all) -> Int {
    guard let aggregators else { return routingKey == .all ? 1 : IndexLimits.lanesPerRoutingKey + 1 }
    return aggregators.reduce(0) { scans, aggregator in
      // All others need a scan for each name of a type, or a scan of an aggregate (``FilteredAggregate``).
      let needsOne =
        aggregator.aggregatorID == nil
        ? aggregator.name != nil : aggregator.name == nil && routingKey == .all
      return scans + (needsOne ? 1 : IndexLimits.kindsPerType + 1)
    }
  }

  /// Returns the positions of the first matching events after a position, at most `limit`.
  func positions(
    after position: Int64, _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, limit: Int
  ) throws(SQLiteFailure) -> [Int64] {
    // No payload and no metadata: SQLite reads a large row's overflow pages only for a column on them
    // (https://sqlite.org/fileformat2.html#ovflpgs).
    let statement = try connection.statement(
      "SELECT position, lane, aggregate FROM event WHERE position > ?1 ORDER BY position")
    defer { statement.reset() }
    try statement.bind(1, position)
    // Created for the first event, because often there is none.
    var known: FilterSet?
    var positions: [Int64] = []
    while positions.count < limit, try statement.step() {
      let filters = known ?? FilterSet(aggregators, routingKey)
      known = filters
      let aggregate = statement.integer(2)
      let names = try symbols.names(ofLane: statement.integer(1)).names
      let matches = try filters.matches(
        type: names.aggregatorType, name: names.name, routingKey: names.routingKey
      ) { () throws(SQLiteFailure) in try symbols.key(ofAggregate: aggregate).text }
      if matches { positions.append(statement.integer(0)) }
    }
    return positions
  }
}
