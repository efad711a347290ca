internal import Evento

/// The positions of an aggregate's events that have a name or a routing key.
///
/// The aggregate's index is walked, and each event looked at. An aggregate may have a million events, and none that match.
/// So after some events in vain, the indexes of the name or routing key tell where the next one could be, if any: what
/// lies before it in the aggregate is skipped. A read costs little if either of the two is rare, and never much more than
/// the walk.
struct FilteredAggregate {
  let source: EventSource
  let aggregate: Int64
  let connection: Connection
  let catalog: Catalog
  let direction: EventSource.Direction

  /// Events that are looked at in one step: at first, and again after a step that has found some.
  private static let longestStep: Int64 = 512
  /// After a step in vain.
  private static let shortestStep: Int64 = 8

  /// - Returns: `nil` for a source of another kind.
  init?(_ source: EventSource, _ direction: EventSource.Direction, on connection: Connection, _ catalog: Catalog) {
    switch source {
    case .aggregateKind(let id, _), .aggregateLane(let id, _), .aggregateRoutingKey(let id, _): aggregate = id
    case .log, .kind, .lane, .aggregate, .postingList: return nil
    }
    self.source = source
    self.connection = connection
    self.catalog = catalog
    self.direction = direction
  }

  /// Whether the aggregate has so many events behind a place that it is not to be walked to its end.
  func isLong(from place: Int64) throws(SQLiteFailure) -> Bool {
    try end(ofStep: Self.longestStep, from: place) != nil
  }

  /// The next positions from a place on, at most `limit`; empty at the end.
  func positions(from place: Int64, limit: Int64) throws(SQLiteFailure) -> [Int64] {
    var (place, length) = (place, Self.longestStep)
    var others: [EventSource]?
    while true {
      let end = try end(ofStep: length, from: place)
      let found = try positions(from: place, through: end ?? direction.end, limit: limit)
      guard found.isEmpty, let end else { return found }
      if others == nil { others = try sourcesOfAll() }
      guard let next = try nearest(of: others ?? [], from: end) else { return [] }
      // Where little is skipped, longer steps cost less than more of them.
      let skipsMuch = (next - end).magnitude / 4 > (end - place).magnitude
      length = skipsMuch ? Self.shortestStep : min(2 * length, Self.longestStep)
      // The place right before it, so that it is looked at itself.
      place = direction == .forward ? next - 1 : next + 1
    }
  }

  /// The position of the last event of a step; `nil` if the aggregate has fewer.
  private func end(ofStep length: Int64, from place: Int64) throws(SQLiteFailure) -> Int64? {
    let (comparison, order) = direction == .forward ? (">", "ASC") : ("<", "DESC")
    return try connection.integer(
      """
      SELECT position FROM event WHERE aggregate = ?1 AND position \(comparison) ?2 ORDER BY position \(order)
      LIMIT 1 OFFSET ?3
      """, .integer(aggregate), .integer(place), .integer(length - 1))
  }

  private func positions(
    from place: Int64, through end: Int64, limit: Int64
  ) throws(SQLiteFailure) -> [Int64] {
    let statement = try connection.statement(source.query(.positions, direction))
    defer { statement.reset() }
    try source.bind(to: statement, from: place, limit: limit)
    try statement.bind(5, end)
    var positions: [Int64] = []
    while try statement.step() { positions.append(statement.integer(0)) }
    return positions
  }

  /// What all events with the name or routing key are read by, whatever their aggregate.
  private func sourcesOfAll() throws(SQLiteFailure) -> [EventSource] {
    switch source {
    case .aggregateKind(_, let kind): return [.kind(kind)]
    case .aggregateLane(_, let lane): return [.lane(lane)]
    case .aggregateRoutingKey(_, let routingKey):
      let type = try connection.integer("SELECT type FROM aggregate WHERE id = ?1", .integer(aggregate))
      return Array(try catalog.sources(ofType: type ?? 0, routingKey: routingKey))
    case .log, .kind, .lane, .aggregate, .postingList: return []
    }
  }

  private func nearest(of sources: [EventSource], from place: Int64) throws(SQLiteFailure) -> Int64? {
    var nearest: Int64?
    for source in sources {
      let statement = try connection.statement(source.query(.positions, direction))
      defer { statement.reset() }
      try source.bind(to: statement, from: place, limit: 1)
      guard try statement.step() else { continue }
      let position = statement.integer(0)
      nearest = nearest.map { direction == .forward ? min($0, position) : max($0, position) } ?? position
    }
    return nearest
  }
}
