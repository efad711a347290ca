internal import Evento
internal import EventoStorage

/// A filter of a read, with ids in place of names.
struct FilterTarget: Hashable {
  let selection: Selection
  /// The ids, in the order of ``Selection/columns``. Those that the selection does not have are 0.
  let first: Int64
  let second: Int64

  static let log = FilterTarget(selection: .log, first: 0, second: 0)
}

/// The filters that a session has resolved.
///
/// A name never gets another id, as long as the connection lasts: after a failover that lost commits, it may.
struct FilterCache {
  private var targets = TwoGenerationCache<FilterKey, FilterTarget>(limit: limit)

  /// The maximum number of filters, each with at most four texts of 255 bytes.
  private static let limit = 8192

  mutating func target(of key: FilterKey) -> FilterTarget? { targets.value(at: key) }

  mutating func keep(_ target: FilterTarget, of key: FilterKey) { targets.keep(target, at: key) }
}

/// Finds the ids of the names in filters, all in one statement.
struct FilterResolution {
  /// The filters; `nil` for any event with a routing key.
  private let filters: [ReadAggregator?]
  private let routingKey: RoutingKey

  init(_ filters: [ReadAggregator?], _ routingKey: RoutingKey) {
    self.filters = filters
    self.routingKey = routingKey
  }

  static let statement = Statement(
    """
    SELECT \(Column.all.map(\.rawValue).joined(separator: ", ")) FROM (\(query(1, routingKey: "$4"))) AS filter
    ORDER BY number
    """, .textArray, .textArray, .textArray, .text)

  /// A column of the result. The order of the cases is that of the columns.
  private enum Column: String {
    case type
    case kind
    case lane
    case aggregate
    case routingKey = "routing_key"

    static let all: [Column] = [.type, .kind, .lane, .aggregate, .routingKey]
  }

  /// Returns a query with a row for each filter, with the id of each of its names that is stored, and NULL for others.
  ///
  /// Each look-up is a subquery of its own, so that it is an index scan whatever the planner expects of the sizes.
  ///
  /// - Parameters:
  ///   - parameter: The number of the first parameter. The types, aggregate ids and names are in three arrays.
  ///   - routingKey: The routing key of all filters; empty for none, which has the id 0. NULL if it is not in the
  ///     filters.
  static func query(_ parameter: Int, routingKey: String) -> String {
    """
    SELECT number, type, kind, routing_key, aggregate, has_key, has_name, (
        SELECT id FROM lane WHERE lane.routing_key = kinds.routing_key AND lane.kind = kinds.kind
      ) AS lane
    FROM (
      SELECT number, type, routing_key, key IS NOT NULL AS has_key, name IS NOT NULL AS has_name, (
          SELECT id FROM kind WHERE kind.type = texts.type AND kind.name = texts.name_id
        ) AS kind, (
          SELECT id FROM aggregate WHERE aggregate.type = texts.type AND aggregate.key = texts.key
        ) AS aggregate
      FROM (
        SELECT number, key, name, (SELECT id FROM text WHERE value = given.type) AS type,
          (SELECT id FROM text WHERE value = given.name) AS name_id,
          CASE WHEN \(routingKey) = '' THEN \(Lane.noRoutingKey)
            ELSE (SELECT id FROM text WHERE value = \(routingKey)) END AS routing_key
        FROM unnest($\(parameter)::text[], $\(parameter + 1)::text[], $\(parameter + 2)::text[])
          WITH ORDINALITY AS given (type, key, name, number)
        OFFSET 0
      ) AS texts
      OFFSET 0
    ) AS kinds
    """
  }

  var parameters: Parameters {
    var parameters = Parameters()
    Self.append(filters, to: &parameters)
    switch routingKey {
    case .all: parameters.null()
    case .value(let key): parameters.text(key ?? "")
    }
    return parameters
  }

  /// Appends the three arrays of ``query(_:routingKey:)``.
  static func append(_ filters: [ReadAggregator?], to parameters: inout Parameters) {
    func append(_ text: (ReadAggregator) -> String?) {
      parameters.array(of: .text, filters) { array, filter in
        if let text = filter.flatMap(text) { array.text(text) } else { array.null() }
      }
    }
    append { $0.aggregatorType }
    append { $0.aggregatorID }
    append { $0.name }
  }

  /// Returns the targets of the filters; `nil` for one with a name that is not stored, which no event has.
  func targets(_ rows: QueryResult) -> [FilterTarget?] {
    filters.indices.map { row in
      guard row < rows.rowCount else { return nil }
      let selection = Selection(FilterKey(filters[row], routingKey).form)
      var ids: [Int64] = []
      for column in selection.columns {
        guard let index = Column.all.firstIndex(where: { $0.rawValue == column.rawValue }), !rows.isNull(row, index)
        else { return nil }
        ids.append(rows.integer(row, index))
      }
      return FilterTarget(selection: selection, first: ids.first ?? 0, second: ids.count > 1 ? ids[1] : 0)
    }
  }
}
