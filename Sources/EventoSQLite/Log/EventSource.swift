internal import Evento

/// One run of events that an index (or the table) holds in the order of the log.
///
/// A filter becomes one source or several; a read with several merges them.
enum EventSource: Hashable {
  case log
  case kind(Int64)
  case lane(Int64)
  case aggregate(Int64)
  /// An aggregate's events of one kind, or with one routing key; the aggregate is the rarer, so its index is walked.
  case aggregateKind(Int64, kind: Int64)
  case aggregateLane(Int64, lane: Int64)
  case aggregateRoutingKey(Int64, routingKey: Int64)
  /// The events of a type's later kinds, or a routing key's later lanes.
  case postingList(Int64)

  /// The values of ?3 and ?4.
  var parameters: [Int64] {
    switch self {
    case .log: []
    case .kind(let id), .lane(let id), .aggregate(let id), .postingList(let id): [id]
    case .aggregateKind(let id, let other), .aggregateLane(let id, let other), .aggregateRoutingKey(let id, let other):
      [id, other]
    }
  }

  /// A query of these events from a place on (?1), forward or backward, at most ?2. The positions of an aggregate's events
  /// of one kind, or with one routing key, end at ?5, that included.
  ///
  /// - Returns: `nil` for a posting list, whose positions are bits (``Posting``).
  func query(_ columns: Columns, _ direction: Direction) -> String? {
    guard let shape else { return nil }
    let texts = Self.queries[shape.rawValue]
    return switch (columns, direction) {
    case (.positions, .forward): texts.positionsForward
    case (.positions, .backward): texts.positionsBackward
    case (.rows, .forward): texts.rowsForward
    case (.rows, .backward): texts.rowsBackward
    }
  }

  enum Direction {
    case forward
    case backward

    /// The place behind all events.
    var end: Int64 { self == .forward ? .max : .min }
  }

  /// Binds what its query selects: events from a place on, at most so many.
  func bind(to statement: Statement, from place: Int64, limit: Int64) throws(SQLiteFailure) {
    try statement.bind(1, place)
    try statement.bind(2, limit)
    for (number, value) in parameters.enumerated() { try statement.bind(Int32(number + 3), value) }
  }

  enum Columns {
    case positions
    /// ``EventRow/columns``
    case rows

    /// What they are in SQL.
    var text: String {
      switch self {
      case .positions: "position"
      case .rows: EventRow.columns
      }
    }
  }

  // MARK: The text of the queries, made once

  private enum Shape: Int, CaseIterable {
    case log
    case kind
    case lane
    case aggregate
    case aggregateKind
    case aggregateLane
    case aggregateRoutingKey

    /// What selects the events, beside their position.
    var condition: String? {
      switch self {
      case .log: nil
      case .kind: "kind = ?3"
      case .lane: "lane = ?3"
      case .aggregate: "aggregate = ?3"
      // A unary plus keeps a term from being used with an index: https://sqlite.org/optoverview.html#uplus
      case .aggregateKind: "aggregate = ?3 AND +kind = ?4"
      case .aggregateLane: "aggregate = ?3 AND +lane = ?4"
      // Row by row: a routing key may have any number of lanes.
      case .aggregateRoutingKey: "aggregate = ?3 AND (SELECT routing_key FROM lane WHERE id = event.lane) = ?4"
      }
    }

    /// Whether events of an aggregate are looked at one by one, to find those that match.
    var isFilter: Bool {
      switch self {
      case .aggregateKind, .aggregateLane, .aggregateRoutingKey: true
      case .log, .kind, .lane, .aggregate: false
      }
    }
  }

  private var shape: Shape? {
    switch self {
    case .log: .log
    case .kind: .kind
    case .lane: .lane
    case .aggregate: .aggregate
    case .aggregateKind: .aggregateKind
    case .aggregateLane: .aggregateLane
    case .aggregateRoutingKey: .aggregateRoutingKey
    case .postingList: nil
    }
  }

  private struct Queries {
    let positionsForward: String
    let positionsBackward: String
    let rowsForward: String
    let rowsBackward: String

    init(_ shape: Shape) {
      func text(_ columns: Columns, _ comparison: String, _ order: String) -> String {
        let end = shape.isFilter && columns == .positions ? "position \(comparison == ">" ? "<=" : ">=") ?5" : nil
        let conditions = [shape.condition, "position \(comparison) ?1", end].compactMap { $0 }
          .joined(separator: " AND ")
        return "SELECT \(columns.text) FROM event WHERE \(conditions) "
          + "ORDER BY position \(order) LIMIT ?2"
      }
      positionsForward = text(.positions, ">", "ASC")
      positionsBackward = text(.positions, "<", "DESC")
      rowsForward = text(.rows, ">", "ASC")
      rowsBackward = text(.rows, "<", "DESC")
    }
  }

  private static let queries = Shape.allCases.map { Queries($0) }
}

extension Catalog {
  /// The sources whose events together are those that match one of the aggregators (`nil`: all) and the routing key,
  /// each once.
  ///
  /// - Complexity: O(1) for each aggregator, however many names, types, routing keys and aggregates there are: at most
  ///   ``Schema/kindsPerType`` look-ups and as many sources, and one posting list. For a routing key alone, at most
  ///   ``Schema/lanesPerRoutingKey`` sources and one posting list.
  func sources(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey) throws(SQLiteFailure) -> Set<EventSource> {
    var partition: Int64?
    if case .value(let key) = routingKey {
      guard let known = try self.routingKey(key) else { return [] }
      partition = known
    }
    guard let aggregators else {
      guard let partition else { return [.log] }
      var sources = Set(try firstLanes(ofRoutingKey: partition).map(EventSource.lane))
      if let list = try postingList(type: Self.anyType, routingKey: partition) { sources.insert(.postingList(list.id)) }
      return sources
    }
    var sources: Set<EventSource> = []
    for aggregator in aggregators { try add(aggregator, partition, to: &sources) }
    return sources
  }

  private func add(
    _ aggregator: ReadAggregator, _ partition: Int64?, to sources: inout Set<EventSource>
  ) throws(SQLiteFailure) {
    guard let type = try text(aggregator.aggregatorType) else { return }
    var kind: Int64?
    var lane: Int64?
    if let name = aggregator.name {
      guard let name = try text(name), let known = try self.kind(type: type, name: name) else { return }
      kind = known
      if let partition {
        guard let known = try self.lane(kind: known, routingKey: partition) else { return }
        lane = known
      }
    }
    if let key = aggregator.aggregatorID {
      guard let aggregate = try aggregate(type: aggregator.aggregatorType, key: key) else { return }
      switch (lane, kind, partition) {
      case (let lane?, _, _): sources.insert(.aggregateLane(aggregate, lane: lane))
      case (nil, let kind?, _): sources.insert(.aggregateKind(aggregate, kind: kind))
      case (nil, nil, let partition?): sources.insert(.aggregateRoutingKey(aggregate, routingKey: partition))
      case (nil, nil, nil): sources.insert(.aggregate(aggregate))
      }
    } else if let lane {
      sources.insert(.lane(lane))
    } else if let kind {
      sources.insert(.kind(kind))
    } else {
      sources.formUnion(try self.sources(ofType: type, routingKey: partition))
    }
  }

  /// - Parameter routingKey: `nil`: events with any, and with none.
  func sources(ofType type: Int64, routingKey: Int64?) throws(SQLiteFailure) -> Set<EventSource> {
    var sources: Set<EventSource> = []
    for kind in try firstKinds(ofType: type) {
      guard let routingKey else {
        sources.insert(.kind(kind))
        continue
      }
      if let lane = try self.lane(kind: kind, routingKey: routingKey) { sources.insert(.lane(lane)) }
    }
    if let list = try postingList(type: type, routingKey: routingKey ?? Self.anyRoutingKey) {
      sources.insert(.postingList(list.id))
    }
    return sources
  }
}
