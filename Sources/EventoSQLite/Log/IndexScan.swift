/// One run of events that an index (or the table) holds in the order of the log.
///
/// A filter becomes one scan or several; a read with several merges them.
struct IndexScan: Hashable {
  /// What the events have in common.
  enum Selection: Int, CaseIterable {
    case log
    case kind
    case lane
    case aggregate
    /// An aggregate's events of one kind, or with one routing key; the aggregate is the rarer, so its index is walked.
    case aggregateKind
    case aggregateLane
    case aggregateRoutingKey
    /// The events of a type's later kinds, or a routing key's later lanes. Its positions are bits (``Posting``).
    case postingList

    /// What selects the events, beside their position.
    fileprivate var condition: String? {
      switch self {
      case .log, .postingList: nil
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

    /// What the events of an aggregate are looked at for, one by one; `nil` if the index has none but those that match.
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

    /// What they are in SQL.
    var text: String {
      switch self {
      case .positions: "position"
      case .rows: EventRow.columns
      }
    }
  }

  enum Direction: Int, CaseIterable {
    case forward
    case backward

    /// The position behind all events.
    var end: Int64 { self == .forward ? .max : .min }

    /// What a position behind another one is to it, in SQL.
    var comparison: String { self == .forward ? ">" : "<" }
    var order: String { self == .forward ? "ASC" : "DESC" }
  }

  let selection: Selection
  /// The values of ?3 and ?4.
  let (first, second): (Int64?, Int64?)

  init(_ selection: Selection, _ first: Int64? = nil, _ second: Int64? = nil) {
    self.selection = selection
    (self.first, self.second) = (first, second)
  }

  /// A query of these events from a position on (?1), forward or backward, at most ?2. The positions of an aggregate's events
  /// of one kind, or with one routing key, end at ?5, that included.
  ///
  /// - Returns: `nil` for a posting list.
  func query(_ columns: Columns, _ direction: Direction) -> String? {
    Self.queries[(selection.rawValue * Columns.allCases.count + columns.rawValue) * 2 + direction.rawValue]
  }

  /// Made once.
  private static let queries = Selection.allCases.flatMap { selection in
    Columns.allCases.flatMap { columns in Direction.allCases.map { query(selection, columns, $0) } }
  }

  private static func query(_ selection: Selection, _ columns: Columns, _ direction: Direction) -> String? {
    guard selection != .postingList else { return nil }
    var conditions = [selection.condition, "position \(direction.comparison) ?1"].compactMap { $0 }
    if selection.filteredProperty != nil, columns == .positions {
      conditions.append("position \(direction == .forward ? "<=" : ">=") ?5")
    }
    return "SELECT \(columns.text) FROM event WHERE \(conditions.joined(separator: " AND ")) "
      + "ORDER BY position \(direction.order) LIMIT ?2"
  }

  /// Binds what its query selects: events from a position on, at most so many.
  func bind(to statement: Statement, from position: Int64, limit: Int64) throws(SQLiteFailure) {
    try statement.bind(1, position)
    try statement.bind(2, limit)
    if let first { try statement.bind(3, first) }
    if let second { try statement.bind(4, second) }
  }
}
