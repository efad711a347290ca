internal import EventoStorage

/// Scans of one index that has some events in the order of the log: one scan for each row of a `FROM` clause.
///
/// An index scan must not depend on statistics, which lag behind a growing table: the planner could scan the primary key
/// instead, and filter its rows, because all events had the same kind when it last looked. So each scan compares whole
/// rows of its index and sorts by them. Only this index has that order, and a page takes an index scan without a sort.
struct IndexScan {
  /// The `FROM` clause.
  private let rows: String
  /// The columns of the index before the position, each with its value.
  private let keys: [(column: String, value: String)]
  /// The condition of a partial index.
  private let condition: String?
  /// Other columns of `event_by_aggregate`, whose values are compared in the first events of an aggregate.
  private let compared: [(column: String, value: String)]

  init(from rows: String, keys: [(column: String, value: String)] = []) {
    self.rows = rows
    self.keys = keys
    condition = nil
    compared = []
  }

  /// - Parameters:
  ///   - rows: The `FROM` clause. It has the values of the columns in an item `filter`.
  ///   - condition: The condition of a partial index.
  ///   - compared: See ``compared``.
  init(
    from rows: String, _ columns: [FilterColumn], onlyIf condition: String? = nil,
    comparing compared: [(column: String, value: String)] = []
  ) {
    self.rows = rows
    keys = columns.map { ($0.rawValue, "filter.\($0.rawValue)") }
    self.condition = condition
    self.compared = compared
  }

  /// The positions to scan, and in which direction, in SQL.
  struct Range {
    /// The position before the first one.
    var lower = "$1"
    /// The last position.
    var upper = "$2"
    var direction = ReadDirection.forward
    /// The maximum number of positions for each row of the `FROM` clause.
    var limit: String
  }

  /// Returns a query for the positions of the events.
  func positions(_ range: Range) -> String {
    "SELECT found.position FROM \(rows) CROSS JOIN LATERAL (\(scan(range))) AS found"
  }

  private func scan(_ range: Range) -> String {
    guard !compared.isEmpty else { return "SELECT position \(Self.clauses(keys, condition, range))" }
    // In the order of the log in both directions, and from its beginning if it is read backward. So it reads the first
    // events of the aggregate, or those of them that the range has, from the index alone. Forward, it stops at the limit
    // without a sort. Of a range that begins later, it also reads later events, which another scan has too.
    let first = Range(upper: range.upper, limit: "\(IndexLimits.blockLength)")
    let order = range.direction.order
    return """
      SELECT position FROM (
        SELECT aggregate, position, kind, routing_key \(Self.clauses(keys, condition, first))
      ) AS first
      WHERE \(compared.map { "first.\($0.column) = \($0.value)" }.joined(separator: " AND "))
        AND first.position > \(range.lower)
      ORDER BY aggregate \(order), position \(order) LIMIT \(range.limit)
      """
  }

  /// Returns the clauses of a query from `FROM` on that scans an index.
  ///
  /// - Parameters:
  ///   - keys: The columns of the index before the position, each with its value.
  ///   - condition: The condition of a partial index.
  static func clauses(_ keys: [(column: String, value: String)], _ condition: String?, _ range: Range) -> String {
    let columns = (keys.map { "event.\($0.column)" } + ["event.position"]).joined(separator: ", ")
    let values = keys.map { "\($0.value), " }.joined()
    let order = (keys.map { "event.\($0.column)" } + ["event.position"])
      .map { "\($0) \(range.direction.order)" }.joined(separator: ", ")
    return """
      FROM event WHERE \(condition.map { "\($0) AND " } ?? "")(\(columns)) > (\(values)\(range.lower))
      AND (\(columns)) <= (\(values)\(range.upper)) ORDER BY \(order) LIMIT \(range.limit)
      """
  }

  /// Returns the clauses of a query from `FROM` on that finds the latest event of an aggregate.
  static func latest(ofAggregate aggregate: String) -> String {
    clauses(
      [("aggregate", aggregate)], nil,
      Range(lower: "0", upper: "\(Int64.max)", direction: .backward, limit: "1"))
  }
}
