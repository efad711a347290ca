internal import EventoStorage

/// A sequence of events that an index (or the table) has in the order of the log.
///
/// A filter needs one or more scans. A read with several merges them.
struct IndexScan: Hashable {
  /// The property that the events have in common.
  enum Selection: Int, CaseIterable {
    case log
    case kind
    case lane
    case aggregate
    /// An aggregate's events of one kind, or with one routing key. The aggregate has fewer events, so its index is
    /// scanned.
    case aggregateKind
    case aggregateLane
    case aggregateRoutingKey
    /// The events of a type's later kinds, or of a routing key's later lanes. Its positions are bits (``Posting``).
    case postingList

    /// The condition on the events, apart from their position, in SQL.
    fileprivate var condition: String? {
      switch self {
      case .log, .postingList: nil
      case .kind: "kind = ?3"
      case .lane: "lane = ?3"
      case .aggregate: "aggregate = ?3"
      // A unary plus prevents the use of a term with an index: https://sqlite.org/optoverview.html#uplus
      case .aggregateKind: "aggregate = ?3 AND +kind = ?4"
      case .aggregateLane: "aggregate = ?3 AND +lane = ?4"
      // Row by row: a routing key may have any number of lanes.
      case .aggregateRoutingKey: "aggregate = ?3 AND (SELECT routing_key FROM lane WHERE id = event.lane) = ?4"
      }
    }

    /// The property for which each event of an aggregate is checked; `nil` if the index has only matching events.
    var filteredProperty: SparseIndex.Property? {
      switch self {
      case .aggregateKind: .kind
      case .aggregateLane: .lane
      case .aggregateRoutingKey: .routingKey
      case .log, .kind, .lane, .aggregate, .postingList: nil
      }
    }
  }

  enum Columns: Int, CaseIterable {
    case positions
    /// ``EventRow/columns``
    case rows

    /// The columns in SQL.
    var text: String {
      switch self {
      case .positions: "position"
      case .rows: EventRow.columns
      }
    }
  }

  let selection: Selection
  /// The values of ?3 and ?4.
  let (first, second): (Int64?, Int64?)

  init(_ selection: Selection, _ first: Int64? = nil, _ second: Int64? = nil) {
    self.selection = selection
    (self.first, self.second) = (first, second)
  }

  /// Returns a query for at most ?2 of these events after the position ?1, forward or backward. The query for positions
  /// of an aggregate's events of one kind, or with one routing key, ends at the position ?5 (inclusive).
  ///
  /// - Returns: `nil` for a posting list.
  func query(_ columns: Columns, _ direction: ReadDirection) -> String? {
    Self.queries[(selection.rawValue * Columns.allCases.count + columns.rawValue) * 2 + direction.rawValue]
  }

  /// All queries, created once.
  private static let queries = Selection.allCases.flatMap { selection in
    Columns.allCases.flatMap { columns in ReadDirection.allCases.map { query(selection, columns, $0) } }
  }

  private static func query(_ selection: Selection, _ columns: Columns, _ direction: ReadDirection) -> String? {
    guard selection != .postingList else { return nil }
    var conditions = [selection.condition, "position \(direction.comparison) ?1"].compactMap { $0 }
    if selection.filteredProperty != nil, columns == .positions {
      conditions.append("position \(direction == .forward ? "<=" : ">=") ?5")
    }
    return "SELECT \(columns.text) FROM event WHERE \(conditions.joined(separator: " AND ")) "
      + "ORDER BY position \(direction.order) LIMIT ?2"
  }

  /// Binds the query's parameters, for at most `limit` events after a position.
  func bind(to statement: Statement, from position: Int64, limit: Int64) throws(SQLiteFailure) {
    try statement.bind(1, position)
    try statement.bind(2, limit)
    if let first { try statement.bind(3, first) }
    if let second { try statement.bind(4, second) }
  }
}

extension ReadDirection {
  /// The position after all events, in this direction.
  var end: Int64 { self == .forward ? .max : .min }

  /// The operator that compares a position with an earlier one in this direction, in SQL.
  var comparison: String { self == .forward ? ">" : "<" }
}
