internal import Evento
internal import EventoStorage
internal import Synchronization

/// A query for events that match filters.
struct EventQuery {
  let statement: Statement
  let parameters: Parameters
}

// MARK: Pages

extension EventQuery {
  /// The part of the log that a page may be taken from.
  struct Range {
    /// The position before the first event.
    var lower: Int64 = 0
    /// The position of the last event.
    var upper: Int64 = .max
    let direction: ReadDirection
  }

  /// Creates a query for the first events of a range that match one of the filters, in the range's direction, with the
  /// columns of ``EventRow``.
  ///
  /// The last of `limit` events comes without its payload and metadata, and so does the first one that does not fit: they
  /// only show that there are more events.
  ///
  /// - Parameters:
  ///   - targets: At least one.
  ///   - limit: The maximum number of events, at least 1.
  ///   - bytes: The maximum number of bytes of payloads and metadata. The first event has no limit.
  static func page(_ targets: Set<FilterTarget>, _ range: Range, limit: Int, bytes: Int) -> EventQuery {
    var parameters: Parameters = [
      .int8(range.lower), .int8(range.upper), .int8(Int64(limit)), .int8(Int64(bytes)),
    ]
    if let target = targets.first, target.selection.isOneScan, targets.count == 1 || targets.contains(.log) {
      let selection = targets.contains(.log) ? .log : target.selection
      for column in selection.columns { parameters.append(column.parameter(target.first)) }
      return EventQuery(statement: PageForm.scan(selection, range.direction).statement, parameters: parameters)
    }
    var groups: [Selection: [FilterTarget]] = [:]
    for target in targets { groups[target.selection, default: []].append(target) }
    let selections = groups.keys.sorted { $0.rawValue < $1.rawValue }
    for selection in selections {
      for (index, column) in selection.columns.enumerated() {
        parameters.append(column.parameter((groups[selection] ?? []).map { index == 0 ? $0.first : $0.second }))
      }
    }
    let scans = targets.reduce(0) { $0 + $1.selection.usualScans }
    let isBounded = scans >= fewScans
    // Two more for each scan, because some have fewer events than others.
    if isBounded {
      parameters.int8(Int64(limit / scans + 2))
      // As many events as can be compared in the time of the index scans. A position that is not in the log may be large.
      let compared = Int64(min(limit + 16 * scans, 2000))
      if range.direction == .forward { parameters.int8(range.lower.addingSaturating(compared)) }
    }
    let form = PageForm.merge(selections, range.direction, isBounded: isBounded)
    return EventQuery(statement: form.statement, parameters: parameters)
  }

  /// The number of index scans up to which each of them may read a whole page.
  private static let fewScans = 8

  /// The form of a page's statement. There are few of them: a read's filters either all have a routing key, or none has.
  private enum PageForm: Hashable {
    /// All rows of one index scan.
    case scan(Selection, ReadDirection)
    /// Positions from several index scans first, then the row of each.
    ///
    /// With many scans, most of their events come after the page. So if it is bounded, a first round scans a few
    /// positions of each: the last one of as many as the page needs is a bound for the second round.
    case merge([Selection], ReadDirection, isBounded: Bool)

    /// The statement, the same for each form.
    var statement: Statement {
      Self.statements.withLock { statements in
        if let statement = statements[self] { return statement }
        let statement = Statement(sql, [.int8, .int8, .int8, .int8] + types)
        statements[self] = statement
        return statement
      }
    }

    private static let statements = Mutex<[PageForm: Statement]>([:])

    /// The number of parameters before those of the filters.
    private static let firstParameter = 5

    private var types: [ValueType] {
      switch self {
      case .scan(let selection, _): selection.columns.map(\.valueType)
      case .merge(let selections, let direction, let isBounded):
        selections.flatMap(\.columns).compactMap(\.valueType.array) + (isBounded ? [.int8] : [])
          + (isBounded && direction == .forward ? [.int8] : [])
      }
    }

    private var sql: String {
      switch self {
      case .scan(let selection, let direction):
        let keys = selection.columns.enumerated().map { ($1.rawValue, "$\(Self.firstParameter + $0)") }
        let rows = IndexScan.clauses(keys, nil, IndexScan.Range(direction: direction, limit: "$3"))
        return EventRow.page("SELECT \(EventRow.sizedColumns) \(rows)", (keys.map(\.0) + ["position"]), direction)
      case .merge(let selections, let direction, let isBounded):
        var parameter = Self.firstParameter
        let scans = selections.flatMap { selection in
          let scans = selection.scans(of: selection.filters(at: parameter))
          parameter += selection.columns.count
          return scans
        }
        func union(_ range: IndexScan.Range) -> String {
          scans.map { $0.positions(range) }.joined(separator: " UNION ALL ")
        }
        var range = IndexScan.Range(direction: direction, limit: "$3")
        var bound = ""
        if isBounded {
          let first = union(IndexScan.Range(direction: direction, limit: "$\(parameter)"))
          bound = """
            (
              SELECT (
                SELECT DISTINCT position FROM (\(first)) AS found
                ORDER BY position \(direction.order) OFFSET $3 - 1 LIMIT 1
              ) AS position
            ) AS bound CROSS JOIN LATERAL
            """
          switch direction {
          case .forward: range.upper = "coalesce(bound.position, $2)"
          case .backward: range.lower = "coalesce(bound.position - 1, $1)"
          }
        }
        var positions = """
          SELECT DISTINCT found.position FROM \(bound) (\(union(range))) AS found
          ORDER BY position \(direction.order) LIMIT $3
          """
        if isBounded, direction == .forward {
          positions = Self.near(selections, end: "$\(parameter + 1)", otherwise: positions)
        }
        // A row is looked up by itself, so that the planner can't join all of the table.
        return EventRow.page(
          """
          SELECT event.*, page.position AS found FROM (\(positions)) AS page CROSS JOIN LATERAL (
            SELECT \(EventRow.sizedColumns) FROM event WHERE event.position = page.position LIMIT 1
          ) AS event
          """, ["found"], direction)
      }
    }

    /// Returns a query that first compares each of the next events with all filters, without an index. It does the index
    /// scans only if these events neither fill the page nor are the last ones of the range.
    ///
    /// A reader that follows the log is mostly near its end, and many filters together often match many events.
    ///
    /// - Parameter end: The position up to which events are compared.
    private static func near(_ selections: [Selection], end: String, otherwise positions: String) -> String {
      var parameter = firstParameter
      let conditions = selections.map { selection in
        let columns = selection.columns.map { "event.\($0.rawValue)" }.joined(separator: ", ")
        let filters = selection.filters(at: parameter)
        parameter += selection.columns.count
        // A comparison with `IS TRUE` is made by a hash table for each event, and can't become a join.
        return "((\(columns)) IN (SELECT * FROM \(filters)) IS TRUE)"
      }
      return """
        WITH near AS MATERIALIZED (
          SELECT event.position FROM event
          WHERE event.position > $1 AND event.position <= least($2, \(end))
            AND (\(conditions.joined(separator: " OR ")))
          ORDER BY event.position LIMIT $3
        ), outcome AS MATERIALIZED (
          SELECT (SELECT count(*) FROM near) >= $3
            OR least($2, (SELECT position FROM store)) <= \(end) AS is_complete
        )
        SELECT position FROM (
          SELECT position FROM near WHERE (SELECT is_complete FROM outcome)
          UNION ALL
          SELECT position FROM (\(positions)) AS scanned WHERE NOT (SELECT is_complete FROM outcome)
        ) AS found
        ORDER BY position
        """
    }
  }
}

extension Int64 {
  fileprivate func addingSaturating(_ other: Int64) -> Int64 {
    let (sum, isTooLarge) = addingReportingOverflow(other)
    return isTooLarge ? .max : sum
  }
}

extension FilterColumn {
  fileprivate func parameter(_ id: Int64) -> Parameter {
    valueType == .int8 ? .int8(id) : .int4(Int32(clamping: id))
  }

  fileprivate func parameter(_ ids: [Int64]) -> Parameter {
    valueType == .int8 ? .int8Array(ids) : .int4Array(ids.map { Int32(clamping: $0) })
  }
}

extension Selection {
  /// Returns the item of a `FROM` clause whose ids are in arrays, one for each column.
  fileprivate func filters(at parameter: Int) -> String {
    let arrays = columns.indices.map { "$\(parameter + $0)" }
    return "unnest(\(arrays.joined(separator: ", "))) AS filter (\(columns.map(\.rawValue).joined(separator: ", ")))"
  }
}

// MARK: Conditions

extension EventQuery {
  /// Creates a query whose one row has `true` if an event after the condition's cursor matches, and otherwise `false`. It
  /// does not check the cursor.
  ///
  /// The ids of the filters' names are found in the same statement: a writer that has locked the log does not wait for
  /// another response.
  static func exists(_ condition: WriteCondition) -> EventQuery {
    var parameters: Parameters = [
      .int8(condition.after.flatMap(LogPosition.init)?.position ?? 0), .int8(.max),
    ]
    FilterResolution.append(condition.failIfEventsMatch, to: &parameters)
    return EventQuery(statement: existsStatement, parameters: parameters)
  }

  /// Each `EXISTS` is evaluated only if those before it have found nothing.
  private static let existsStatement = Statement(
    """
    WITH resolved AS MATERIALIZED (\(FilterResolution.query(3, routingKey: "NULL::text")))
    SELECT \(conditionScans.map { "EXISTS (\($0.positions(IndexScan.Range(limit: "1"))))" }.joined(separator: " OR "))
    """, .int8, .int8, .textArray, .textArray, .textArray)

  private static var conditionScans: [IndexScan] {
    [Selection.aggregate, .kind, .aggregateAndKind, .type].flatMap { selection in
      let columns = selection.columns.map(\.rawValue)
      let members =
        "\(columns.contains("aggregate") ? "" : "NOT ")has_key AND \(columns.contains("kind") ? "" : "NOT ")has_name"
      let isStored = columns.map { "\($0) IS NOT NULL" }.joined(separator: " AND ")
      return selection.scans(
        of: "(SELECT \(columns.joined(separator: ", ")) FROM resolved WHERE \(members) AND \(isStored)) AS filter")
    }
  }
}
