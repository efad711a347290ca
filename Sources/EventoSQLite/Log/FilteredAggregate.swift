internal import Evento
internal import EventoStorage

/// The positions of an aggregate's events that have a name or a routing key.
///
/// The aggregate's index is scanned a block's length at a time, and each event is checked. An aggregate may have a
/// million events without a match: if a scan begins after the first block, the sparse index shows which block has the
/// next match, and everything before it is skipped. So a match costs at most two scans and a few searches, and so does
/// the end.
struct FilteredAggregate {
  private let scan: IndexScan
  private let connection: Connection
  private let direction: ReadDirection
  private let aggregate: Int64
  /// The property of the events that the sparse index has.
  private let property: SparseIndex.Property
  private let value: Int64

  /// - Returns: `nil` for a scan that has only matching events.
  init?(_ scan: IndexScan, _ direction: ReadDirection, on connection: Connection) {
    guard let property = scan.selection.filteredProperty, let aggregate = scan.first, let value = scan.second else {
      return nil
    }
    (self.aggregate, self.property, self.value) = (aggregate, property, value)
    self.scan = scan
    self.connection = connection
    self.direction = direction
  }

  /// Returns whether the aggregate has too many events after a position to scan it to its end.
  func isLong(from position: Int64) throws(SQLiteFailure) -> Bool {
    try nthPosition(IndexLimits.blockLength, behind: position, direction) != nil
  }

  /// Returns the next positions after a position, at most `limit`; none at the end.
  func positions(from position: Int64, limit: Int64) throws(SQLiteFailure) -> [Int64] {
    var position = position
    while let start = try skip(from: position) {
      let end = try nthPosition(IndexLimits.blockLength, behind: start, direction)
      let found = try positions(from: start, through: end ?? direction.end, limit: limit)
      guard found.isEmpty, let end else { return found }
      // Nothing is found if all matches of the block are on the other side of the position, or in the first block.
      position = end
    }
    return []
  }

  /// Returns a position from which a scan finds the same matches as from the given one, but sooner; `nil` if there are
  /// none.
  private func skip(from position: Int64) throws(SQLiteFailure) -> Int64? {
    guard let version = try nextVersion(from: position) else { return nil }
    let block = SparseIndex.block(ofVersion: version)
    guard block > 0 else { return position }
    switch direction {
    case .forward:
      // If the match is before the position, more may follow in its block.
      return try firstMatch(block).map { max(position, $0 - 1) }
    case .backward:
      // The last match is in the block of that one, or in the first block if there is none. Neither block has the event
      // that comes a block's length later.
      let first = try lastFirstMatch(block, before: position) ?? 0
      return min(position, try nthPosition(IndexLimits.blockLength + 1, behind: first - 1, .forward) ?? position)
    }
  }

  private func nextVersion(from position: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT version FROM event WHERE aggregate = ?1 AND position \(direction.comparison) ?2
      ORDER BY position \(direction.order) LIMIT 1
      """, .integer(aggregate), .integer(position))
  }

  /// Returns the first match in a block, or in the next one that has any.
  private func firstMatch(_ block: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT first FROM sparse_index WHERE aggregate = ?1 AND property = ?2 AND value = ?3 AND block >= ?4
      ORDER BY block LIMIT 1
      """, .integer(aggregate), .integer(property.rawValue), .integer(value), .integer(block))
  }

  /// Returns the first match in a block, or in the nearest earlier one that has any before the position.
  private func lastFirstMatch(_ block: Int64, before position: Int64) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT first FROM sparse_index WHERE aggregate = ?1 AND property = ?2 AND value = ?3 AND block <= ?4 AND first < ?5
      ORDER BY block DESC LIMIT 1
      """, .integer(aggregate), .integer(property.rawValue), .integer(value), .integer(block), .integer(position))
  }

  /// Returns the position of the aggregate's n-th event after a position; `nil` if it has fewer.
  private func nthPosition(
    _ number: Int64, behind position: Int64, _ direction: ReadDirection
  ) throws(SQLiteFailure) -> Int64? {
    try connection.integer(
      """
      SELECT position FROM event WHERE aggregate = ?1 AND position \(direction.comparison) ?2
      ORDER BY position \(direction.order) LIMIT 1 OFFSET ?3
      """, .integer(aggregate), .integer(position), .integer(number - 1))
  }

  private func positions(
    from position: Int64, through end: Int64, limit: Int64
  ) throws(SQLiteFailure) -> [Int64] {
    guard let query = scan.query(.positions, direction) else { return [] }
    let statement = try connection.statement(query)
    defer { statement.reset() }
    try scan.bind(to: statement, from: position, limit: limit)
    try statement.bind(5, end)
    var positions: [Int64] = []
    while try statement.step() { positions.append(statement.integer(0)) }
    return positions
  }
}
