internal import Evento
internal import EventoStorage

/// The statements that look up what a batch of writes needs. They are sent together, in one round trip.
///
/// Without a lock, the row of the store is read first, and again last: if both are the same, no commit came in between,
/// and everything is of that state. Each statement sees what was committed before it (`READ COMMITTED`).
///
/// Each row is looked up by a subquery of its own. In a join with a small table, the planner would use only the first
/// column of an index, and the plan is kept while the table grows: each look-up would read all aggregates of a type.
struct WriterLookups {
  private let request: LookupRequest
  private let aggregates: [AggregateKey]
  private let kinds: [KindName]
  private let lanes: [LaneName]
  private let events: [LookupRequest.SentEvent]
  private let conditions: [(index: Int, condition: WriteCondition)]

  init(_ request: LookupRequest) {
    self.request = request
    // Arrays, so that the results come in the same order.
    aggregates = Array(request.aggregates)
    kinds = Array(request.kinds)
    lanes = Array(request.lanes)
    events = Array(request.events)
    conditions = request.conditions.map { ($0.key, $0.value) }
  }

  /// Calls `send` with each statement, in the order in which ``result(_:)`` takes the results.
  func send(_ send: (Statement, Parameters) throws(PostgreSQLFailure) -> Void) throws(PostgreSQLFailure) {
    if !aggregates.isEmpty {
      var parameters = Parameters()
      parameters.array(of: .text, aggregates) { $0.text($1.type.text) }
      parameters.array(of: .text, aggregates) { $0.text($1.id.text) }
      try send(Self.headsStatement, parameters)
    }
    if !kinds.isEmpty {
      var parameters = Parameters()
      parameters.array(of: .text, kinds) { $0.text($1.type.text) }
      parameters.array(of: .text, kinds) { $0.text($1.name.text) }
      try send(Self.kindsStatement, parameters)
    }
    if !lanes.isEmpty {
      var parameters = Parameters()
      parameters.array(of: .text, lanes) { $0.text($1.kind.type.text) }
      parameters.array(of: .text, lanes) { $0.text($1.kind.name.text) }
      parameters.array(of: .text, lanes) { array, lane in
        if let routingKey = lane.routingKey { array.text(routingKey.text) } else { array.null() }
      }
      try send(Self.lanesStatement, parameters)
    }
    if !events.isEmpty {
      var parameters = Parameters()
      parameters.array(of: .uuid, events) { $0.uuid($1.id) }
      parameters.array(of: .int4, events) { $0.int4(Int32(clamping: $1.dataLength)) }
      parameters.array(of: .int4, events) { $0.int4(Int32(clamping: $1.metadataLength)) }
      try send(Self.eventsStatement, parameters)
    }
    if !request.positions.isEmpty {
      try send(Self.commitIDsStatement, [.int8Array(Array(request.positions))])
    }
    for (_, condition) in conditions {
      let query = EventQuery.exists(condition)
      try send(query.statement, query.parameters)
    }
  }

  /// Reads the results of the statements.
  ///
  /// - Parameter next: Returns the result of the next statement.
  func result(_ next: () throws(PostgreSQLFailure) -> QueryResult) throws(PostgreSQLFailure) -> LookupResult {
    var found = LookupResult()
    if !aggregates.isEmpty { readHeads(try next(), &found) }
    if !kinds.isEmpty { readKinds(try next(), &found) }
    if !lanes.isEmpty { readLanes(try next(), &found) }
    if !events.isEmpty { readEvents(try next(), &found) }
    if !request.positions.isEmpty {
      let rows = try next()
      for row in 0..<rows.rowCount { found.commitIDs[rows.integer(row, 0)] = rows.integer(row, 1) }
    }
    for (index, _) in conditions { found.matches[index] = try next().bool(0, 0) }
    return found
  }

  /// The statements, apart from those of conditions (``EventQuery/exists(_:)``).
  static let statements = [headsStatement, kindsStatement, lanesStatement, eventsStatement, commitIDsStatement]

  // MARK: The heads of aggregates

  /// An index scan for each aggregate, from its end.
  private static let headsStatement = Statement(
    """
    SELECT a.id, e.version, r.value
    FROM unnest($1, $2) WITH ORDINALITY AS f (type, key, number)
      LEFT JOIN LATERAL (SELECT id FROM text WHERE value = f.type LIMIT 1) AS t ON true
      LEFT JOIN LATERAL (SELECT id FROM aggregate WHERE type = t.id AND key = f.key LIMIT 1) AS a ON true
      LEFT JOIN LATERAL (SELECT version, routing_key \(IndexScan.latest(ofAggregate: "a.id"))) AS e ON true
      LEFT JOIN LATERAL (SELECT value FROM text WHERE id = e.routing_key LIMIT 1) AS r ON true
    ORDER BY f.number
    """, .textArray, .textArray)

  private func readHeads(_ rows: QueryResult, _ found: inout LookupResult) {
    for (row, key) in aggregates.enumerated() where row < rows.rowCount {
      let head: AggregateHead? =
        rows.isNull(row, 0)
        ? nil
        : AggregateHead(
          aggregate: rows.integer(row, 0), version: Int(rows.integer(row, 1)),
          routingKey: rows.isNull(row, 2) ? nil : rows.text(row, 2))
      found.heads[key] = .some(head)
    }
  }

  // MARK: Symbols

  private static let kindsStatement = Statement(
    """
    SELECT t.id, n.id, k.id, k.is_late, (
      SELECT count(*) FROM (
        SELECT FROM kind AS c WHERE c.type = t.id LIMIT \(IndexLimits.kindsPerType)
      ) AS first
    )
    FROM unnest($1, $2) WITH ORDINALITY AS f (type, name, number)
      LEFT JOIN LATERAL (SELECT id FROM text WHERE value = f.type LIMIT 1) AS t ON true
      LEFT JOIN LATERAL (SELECT id FROM text WHERE value = f.name LIMIT 1) AS n ON true
      LEFT JOIN LATERAL (SELECT id, is_late FROM kind WHERE type = t.id AND name = n.id LIMIT 1) AS k ON true
    ORDER BY f.number
    """, .textArray, .textArray)

  private func readKinds(_ rows: QueryResult, _ found: inout LookupResult) {
    for (row, kind) in kinds.enumerated() where row < rows.rowCount {
      let type = optionalInteger(rows, row, 0)
      found.texts[kind.type] = .some(type)
      found.texts[kind.name] = .some(optionalInteger(rows, row, 1))
      if let type { found.kindCounts[type] = Int(rows.integer(row, 4)) }
      let known: Kind? = type.flatMap { type in
        optionalInteger(rows, row, 2).map { Kind(id: $0, type: type, isLate: rows.bool(row, 3)) }
      }
      found.kinds[kind] = .some(known)
    }
  }

  private static let lanesStatement = Statement(
    """
    SELECT r.id, l.id, l.is_late, (
      SELECT count(*) FROM (
        SELECT FROM lane AS c WHERE c.routing_key = r.id LIMIT \(IndexLimits.lanesPerRoutingKey)
      ) AS first
    )
    FROM unnest($1, $2, $3) WITH ORDINALITY AS f (type, name, routing_key, number)
      LEFT JOIN LATERAL (
        SELECT CASE WHEN f.routing_key IS NULL THEN \(Lane.noRoutingKey)
          ELSE (SELECT id FROM text WHERE value = f.routing_key) END AS id
      ) AS r ON true
      LEFT JOIN LATERAL (SELECT id FROM text WHERE value = f.type LIMIT 1) AS t ON true
      LEFT JOIN LATERAL (SELECT id FROM text WHERE value = f.name LIMIT 1) AS n ON true
      LEFT JOIN LATERAL (SELECT id, is_late FROM kind WHERE type = t.id AND name = n.id LIMIT 1) AS k ON true
      LEFT JOIN LATERAL (SELECT id, is_late FROM lane WHERE routing_key = r.id AND kind = k.id LIMIT 1) AS l ON true
    ORDER BY f.number
    """, .textArray, .textArray, .textArray)

  private func readLanes(_ rows: QueryResult, _ found: inout LookupResult) {
    for (row, lane) in lanes.enumerated() where row < rows.rowCount {
      let routingKey = optionalInteger(rows, row, 0)
      if let text = lane.routingKey { found.texts[text] = .some(routingKey) }
      if let routingKey { found.laneCounts[routingKey] = Int(rows.integer(row, 3)) }
      let known: Lane? = routingKey.flatMap { routingKey in
        optionalInteger(rows, row, 1).map {
          Lane(id: $0, routingKey: routingKey, isLate: rows.bool(row, 2), checksum: lane.checksum)
        }
      }
      found.lanes[lane] = .some(known)
    }
  }

  private func optionalInteger(_ rows: QueryResult, _ row: Int, _ column: Int) -> Int64? {
    rows.isNull(row, column) ? nil : rows.integer(row, column)
  }

  // MARK: Events with the same ids

  /// The length of a value is stored with it, so that a large one is not read for it: `octet_length` of `bytea` in
  /// https://www.postgresql.org/docs/15/functions-binarystring.html
  private static let eventsStatement = Statement(
    """
    SELECT e.id, e.position, e.commit_id, e.version, e.timestamp, e.is_json, t.value, e.aggregate_key, n.value, r.value,
      octet_length(e.data) = f.data_length AND coalesce(octet_length(e.metadata), 0) = f.metadata_length AS same,
      CASE WHEN octet_length(e.data) = f.data_length THEN e.data END,
      CASE WHEN octet_length(e.metadata) = f.metadata_length THEN e.metadata END
    FROM unnest($1, $2, $3) AS f (id, data_length, metadata_length)
      CROSS JOIN LATERAL (SELECT * FROM event WHERE event.id = f.id LIMIT 1) AS e
      CROSS JOIN LATERAL (SELECT type, name FROM kind WHERE kind.id = e.kind LIMIT 1) AS k
      CROSS JOIN LATERAL (SELECT value FROM text WHERE text.id = k.type LIMIT 1) AS t
      CROSS JOIN LATERAL (SELECT value FROM text WHERE text.id = k.name LIMIT 1) AS n
      LEFT JOIN LATERAL (SELECT value FROM text WHERE text.id = e.routing_key LIMIT 1) AS r ON true
    """, .uuidArray, .int4Array, .int4Array)

  private func readEvents(_ rows: QueryResult, _ found: inout LookupResult) {
    for row in 0..<rows.rowCount {
      let id = rows.ulid(row, 0)
      guard rows.bool(row, 10) else {
        found.add(.otherLength, id)
        continue
      }
      let metadata = rows.bytes(row, 12)
      let event = Event(
        id: id, aggregatorType: rows.text(row, 6), aggregatorID: rows.text(row, 7),
        version: Int(rows.integer(row, 3)), name: rows.text(row, 8),
        routingKey: rows.isNull(row, 9) ? nil : rows.text(row, 9),
        data: Payload(bytes: Array(rows.bytes(row, 11)), isJSON: rows.bool(row, 5)),
        metadata: metadata.isEmpty ? Metadata() : Metadata(checked: Array(metadata)),
        timestamp: Timestamp(milliseconds: rows.integer(row, 4)), isErased: rows.isNull(row, 5))
      let cursor = LogPosition(position: rows.integer(row, 1), commitID: rows.integer(row, 2)).cursor
      found.add(.sameLength(Edge(cursor: cursor, node: event)), id)
    }
  }

  private static let commitIDsStatement = Statement(
    "SELECT position, commit_id FROM event WHERE position = ANY ($1)", .int8Array)
}
