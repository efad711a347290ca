internal import Evento
internal import EventoStorage

/// Finds the texts that integers in the log represent, with a bounded cache for one connection.
final class SymbolTable {
  private let lanes = DirectMappedCache<CheckedNames>(limit: slots)

  /// The maximum number of lanes with cached names. Each has three texts of at most 255 bytes, and their JSON: all
  /// together they take at most about 10 MB for each connection. Few stores have more lanes, and a page with others takes
  /// one more round trip, for all of them.
  private static let slots = 1 << 12

  fileprivate func lane(_ id: Int64) -> CheckedNames? { lanes[id] }

  /// Returns the names of the rows of a page or an event. Those that are not cached are looked up in one round trip.
  func names(of rows: QueryResult, on connection: Connection) throws(PostgreSQLFailure) -> RowNames {
    var unknown: Set<Int64> = []
    for row in 0..<rows.rowCount {
      let lane = EventRow.lane(rows, row)
      if lanes[lane] == nil { unknown.insert(lane) }
    }
    guard !unknown.isEmpty else { return RowNames(self) }
    let found = try connection.run(Self.statement, [.int4Array(unknown.map { Int32(clamping: $0) })])
    return RowNames(self, found)
  }

  /// Each look-up is a subquery of its own, so that it is an index scan whatever the planner expects of the sizes.
  static let statement = Statement(
    """
    SELECT wanted.id, (SELECT value FROM text WHERE text.id = kind.type),
      (SELECT value FROM text WHERE text.id = kind.name), (SELECT value FROM text WHERE text.id = lane.routing_key)
    FROM unnest($1) AS wanted (id)
      CROSS JOIN LATERAL (SELECT kind, routing_key FROM lane WHERE lane.id = wanted.id LIMIT 1) AS lane
      CROSS JOIN LATERAL (SELECT type, name FROM kind WHERE kind.id = lane.kind LIMIT 1) AS kind
    """, .int4Array)

  /// Caches names that were looked up. It is called when their rows have been read, because they can replace others that
  /// these rows have.
  func keep(_ names: RowNames) {
    for (id, lane) in names.lanes { lanes.keep(lane, at: id) }
  }
}

/// The names of the events of a result.
struct RowNames {
  private let table: SymbolTable
  /// The names that were not cached.
  fileprivate private(set) var lanes: [Int64: CheckedNames] = [:]

  /// - Parameter found: The names that were looked up.
  fileprivate init(_ table: SymbolTable, _ found: QueryResult? = nil) {
    self.table = table
    guard let found else { return }
    for row in 0..<found.rowCount {
      lanes[found.integer(row, 0)] = CheckedNames(
        aggregatorType: found.text(row, 1), name: found.text(row, 2),
        routingKey: found.isNull(row, 3) ? nil : found.text(row, 3))
    }
  }

  func lane(_ id: Int64) throws -> CheckedNames {
    guard let names = table.lane(id) ?? lanes[id] else {
      throw EventoError.damaged(cause: "an event refers to lane \(id), which is missing")
    }
    return names
  }
}
