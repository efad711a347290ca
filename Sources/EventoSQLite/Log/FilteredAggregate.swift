internal import Evento

/// The positions of an aggregate's events that have a name or a routing key.
///
/// The aggregate's index is walked a block's length at a time, and each event looked at. An aggregate may have a million
/// events, and none that match: where a walk begins behind the first block, the sparse index tells which block has the
/// next match, and what lies before that is skipped. So a match costs at most two walks and a few searches, and the end as
/// much.
struct FilteredAggregate {
  let source: EventSource
  let connection: Connection
  let direction: EventSource.Direction
  private let aggregate: Int64
  /// What the index has of its events.
  private let property: SparseIndex.Property
  private let value: Int64

  /// - Returns: `nil` for a source of another kind.
  init?(_ source: EventSource, _ direction: EventSource.Direction, on connection: Connection) {
    switch source {
    case .aggregateKind(let id, let kind): (aggregate, property, value) = (id, .kind, kind)
    case .aggregateLane(let id, let lane): (aggregate, property, value) = (id, .lane, lane)
    case .aggregateRoutingKey(let id, let key): (aggregate, property, value) = (id, .routingKey, key)
    case .log, .kind, .lane, .aggregate, .postingList: return nil
    }
    self.source = source
    self.connection = connection
    self.direction = direction
  }

  /// Whether the aggregate has so many events behind a place that it is not to be walked to its end.
  func isLong(from place: Int64) throws(SQLiteFailure) -> Bool {
    try position(of: Schema.blockLength, behind: place, direction) != nil
  }

  /// The next positions from a place on, at most `limit`; empty at the end.
  func positions(from place: Int64, limit: Int64) throws(SQLiteFailure) -> [Int64] {
    var place = place
    while let start = try skip(from: place) {
      let end = try position(of: Schema.blockLength, behind: start, direction)
      let found = try positions(from: start, through: end ?? direction.end, limit: limit)
      guard found.isEmpty, let end else { return found }
      // In vain if the place was within a block whose matches are all on its other side, or within the first block.
      place = end
    }
    return []
  }

  /// A place from which a walk finds what it finds from the given one, and sooner; `nil` if there is nothing to be found.
  private func skip(from place: Int64) throws(SQLiteFailure) -> Int64? {
    guard let version = try nextVersion(from: place) else { return nil }
    let block = SparseIndex.block(ofVersion: version)
    guard block > 0 else { return place }
    switch direction {
    case .forward:
      // If that is one before the place, more may follow in its block.
      return try firstMatch(block).map { max(place, $0 - 1) }
    case .backward:
      // The last match is in this one's block, or if there is none, in the first block. Neither has the event that comes a
      // block's length later.
      let first = try lastFirstMatch(block, before: place) ?? 0
      return min(place, try position(of: Schema.blockLength + 1, behind: first - 1, .forward) ?? place)
    }
  }

  private func nextVersion(from place: Int64) throws(SQLiteFailure) -> Int64? {
    let (comparison, order) = direction == .forward ? (">", "ASC") : ("<", "DESC")
    return try connection.integer(
      "SELECT version FROM event WHERE aggregate = ?1 AND position \(comparison) ?2 ORDER BY position \(order) LIMIT 1",
      .integer(aggregate), .integer(place))
  }

  /// The first match in a block, or in the next one that has any.
  private func firstMatch(_ block: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT first FROM sparse_index WHERE aggregate = ?1 AND property = ?2 AND value = ?3 AND block >= ?4
      ORDER BY block LIMIT 1
      """, .integer(aggregate), .integer(property.rawValue), .integer(value), .integer(block))
  }

  /// The first match in a block, or in the next one before it that has any before the place.
  private func lastFirstMatch(_ block: Int64, before place: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT first FROM sparse_index WHERE aggregate = ?1 AND property = ?2 AND value = ?3 AND block <= ?4 AND first < ?5
      ORDER BY block DESC LIMIT 1
      """, .integer(aggregate), .integer(property.rawValue), .integer(value), .integer(block), .integer(place))
  }

  /// The position of the aggregate's n-th event behind a place; `nil` if it has fewer.
  private func position(
    of number: Int64, behind place: Int64, _ direction: EventSource.Direction
  ) throws(SQLiteFailure) -> Int64? {
    let (comparison, order) = direction == .forward ? (">", "ASC") : ("<", "DESC")
    return try connection.integer(
      """
      SELECT position FROM event WHERE aggregate = ?1 AND position \(comparison) ?2 ORDER BY position \(order)
      LIMIT 1 OFFSET ?3
      """, .integer(aggregate), .integer(place), .integer(number - 1))
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
}
