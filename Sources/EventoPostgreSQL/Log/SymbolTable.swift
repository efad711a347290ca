internal import Evento
internal import EventoStorage

/// Finds the texts that integers in the log represent, with a bounded cache for one connection.
final class SymbolTable {
  private let lanes = DirectMappedCache<LaneNames>(limit: slots)
  private let aggregateIDs = DirectMappedCache<String>(limit: slots)

  /// The maximum number of lanes with cached names, and of aggregates with cached ids. Each has texts of at most 255
  /// bytes.
  private static let slots = 1 << 15

  fileprivate func lane(_ id: Int64) -> LaneNames? { lanes[id] }
  fileprivate func aggregateID(_ id: Int64) -> String? { aggregateIDs[id] }

  /// Returns the names of some rows with ``EventRow/columns``. Those that are not cached are looked up in one round trip.
  func names(of rows: QueryResult, on connection: Connection) throws(PostgreSQLFailure) -> RowNames {
    var unknownLanes: Set<Int64> = []
    var unknownAggregates: Set<Int64> = []
    for row in 0..<rows.rowCount {
      let (lane, aggregate) = (EventRow.lane(rows, row), EventRow.aggregate(rows, row))
      if lanes[lane] == nil { unknownLanes.insert(lane) }
      if aggregateIDs[aggregate] == nil { unknownAggregates.insert(aggregate) }
    }
    var names = RowNames(self)
    guard !(unknownLanes.isEmpty && unknownAggregates.isEmpty) else { return names }
    let results = try connection.pipeline { (pipeline) throws(PostgreSQLFailure) in
      if !unknownLanes.isEmpty {
        try pipeline.send(Self.lanesStatement, [.int4Array(unknownLanes.map { Int32(clamping: $0) })])
      }
      if !unknownAggregates.isEmpty {
        try pipeline.send(Self.aggregatesStatement, [.int8Array(Array(unknownAggregates))])
      }
      return try pipeline.sync()
    }
    if !unknownLanes.isEmpty, let lanes = results.first { names.addLanes(lanes) }
    if !unknownAggregates.isEmpty, let aggregates = results.last { names.addAggregates(aggregates) }
    return names
  }

  /// Each look-up is a subquery of its own, so that it is an index scan whatever the planner expects of the sizes.
  static let lanesStatement = Statement(
    """
    SELECT wanted.id, (SELECT value FROM text WHERE text.id = kind.type),
      (SELECT value FROM text WHERE text.id = kind.name), (SELECT value FROM text WHERE text.id = lane.routing_key)
    FROM unnest($1) AS wanted (id)
      CROSS JOIN LATERAL (SELECT kind, routing_key FROM lane WHERE lane.id = wanted.id LIMIT 1) AS lane
      CROSS JOIN LATERAL (SELECT type, name FROM kind WHERE kind.id = lane.kind LIMIT 1) AS kind
    """, .int4Array)

  static let aggregatesStatement = Statement(
    """
    SELECT wanted.id, aggregate.key FROM unnest($1) AS wanted (id) CROSS JOIN LATERAL (
      SELECT key FROM aggregate WHERE aggregate.id = wanted.id LIMIT 1
    ) AS aggregate
    """, .int8Array)

  /// Caches names that were looked up. It is called when their rows have been read, because they can replace others that
  /// these rows have.
  func keep(_ names: RowNames) {
    for (id, lane) in names.lanes { lanes.keep(lane, at: id) }
    for (id, key) in names.aggregateIDs { aggregateIDs.keep(key, at: id) }
  }
}

/// The names of the events of a result.
struct RowNames {
  private let table: SymbolTable
  /// The names that were not cached.
  fileprivate private(set) var lanes: [Int64: LaneNames] = [:]
  fileprivate private(set) var aggregateIDs: [Int64: String] = [:]

  fileprivate init(_ table: SymbolTable) {
    self.table = table
  }

  fileprivate mutating func addLanes(_ rows: QueryResult) {
    for row in 0..<rows.rowCount {
      lanes[rows.integer(row, 0)] = LaneNames(
        type: rows.text(row, 1), name: rows.text(row, 2), routingKey: rows.isNull(row, 3) ? nil : rows.text(row, 3))
    }
  }

  fileprivate mutating func addAggregates(_ rows: QueryResult) {
    for row in 0..<rows.rowCount { aggregateIDs[rows.integer(row, 0)] = rows.text(row, 1) }
  }

  func lane(_ id: Int64) throws -> LaneNames {
    guard let names = table.lane(id) ?? lanes[id] else { throw Self.missing("lane", id) }
    return names
  }

  /// Returns the id of an aggregate as a text.
  func aggregateID(_ id: Int64) throws -> String {
    guard let key = table.aggregateID(id) ?? aggregateIDs[id] else { throw Self.missing("aggregate", id) }
    return key
  }

  private static func missing(_ table: String, _ id: Int64) -> EventoError {
    .damaged(cause: "an event refers to \(table) \(id), which is missing")
  }
}
