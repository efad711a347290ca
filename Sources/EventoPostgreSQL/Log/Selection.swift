internal import Evento
internal import EventoStorage

/// The columns of `event` by which a filter selects events.
///
/// The ids in a filter are those of names, and each column has them in the same form.
enum FilterColumn: String {
  case type
  case kind
  case lane
  case routingKey = "routing_key"
  case aggregate

  /// The type of the column.
  var valueType: ValueType { self == .aggregate ? .int8 : .int4 }
}

/// A kind of filter: the columns that have the filter's ids in all of its events.
enum Selection: Int, CaseIterable {
  case log
  case routingKey
  case type
  case typeAndRoutingKey
  case kind
  case lane
  case aggregate
  case aggregateAndRoutingKey
  case aggregateAndKind
  case aggregateAndLane

  init(_ form: FilterKey.Form) {
    self =
      switch (form.hasID, form.hasName, form.hasRoutingKey) {
      case (false, false, false): form.hasType ? .type : .log
      case (false, false, true): form.hasType ? .typeAndRoutingKey : .routingKey
      case (false, true, false): .kind
      case (false, true, true): .lane
      case (true, false, false): .aggregate
      case (true, false, true): .aggregateAndRoutingKey
      case (true, true, false): .aggregateAndKind
      case (true, true, true): .aggregateAndLane
      }
  }

  var columns: [FilterColumn] {
    switch self {
    case .log: []
    case .routingKey: [.routingKey]
    case .type: [.type]
    case .typeAndRoutingKey: [.type, .routingKey]
    case .kind: [.kind]
    case .lane: [.lane]
    case .aggregate: [.aggregate]
    case .aggregateAndRoutingKey: [.aggregate, .routingKey]
    case .aggregateAndKind: [.aggregate, .kind]
    case .aggregateAndLane: [.aggregate, .lane]
    }
  }

  /// True if one index has the events of a filter, and no others, in the order of the log.
  var isOneScan: Bool {
    switch self {
    case .log, .kind, .lane, .aggregate: true
    case .routingKey, .type, .typeAndRoutingKey, .aggregateAndRoutingKey, .aggregateAndKind, .aggregateAndLane: false
    }
  }

  /// The number of scans of one filter, unless it has very few kinds or lanes, or very many.
  var usualScans: Int {
    switch self {
    case .log, .kind, .lane, .aggregate, .aggregateAndRoutingKey, .aggregateAndKind, .aggregateAndLane: 1
    case .type, .typeAndRoutingKey: IndexLimits.kindsPerType / 4
    case .routingKey: IndexLimits.lanesPerRoutingKey / 8
    }
  }

  /// Returns the scans that together have each event of some filters, each once.
  ///
  /// A filter costs a bounded number of scans, however many names, routing keys and events there are: its first kinds,
  /// or lanes, have an index scan each, and all later ones together have one (``Schema``).
  ///
  /// - Parameter filters: An item of a `FROM` clause with the name `filter`, and the ids in ``columns``.
  func scans(of filters: String) -> [IndexScan] {
    let firstKinds = """
      \(filters) CROSS JOIN LATERAL (
        SELECT id FROM kind WHERE (type, id) > (filter.type, 0) AND type <= filter.type
        ORDER BY type, id LIMIT \(IndexLimits.kindsPerType)
      ) AS kind
      """
    switch self {
    case .log: return [IndexScan(from: "(VALUES (1)) AS filter")]
    case .kind, .lane, .aggregate: return [IndexScan(from: filters, columns)]
    case .type:
      return [
        IndexScan(from: firstKinds, keys: [("kind", "kind.id")]),
        IndexScan(from: filters, columns, onlyIf: LateEvents.ofKinds),
      ]
    case .typeAndRoutingKey:
      let firstLanes = """
        \(firstKinds) CROSS JOIN LATERAL (
          SELECT id FROM lane WHERE lane.routing_key = filter.routing_key AND lane.kind = kind.id LIMIT 1
        ) AS lane
        """
      return [
        IndexScan(from: firstLanes, keys: [("lane", "lane.id")]),
        IndexScan(from: filters, columns, onlyIf: LateEvents.ofKinds),
      ]
    case .routingKey:
      let firstLanes = """
        \(filters) CROSS JOIN LATERAL (
          SELECT id FROM lane WHERE (routing_key, id) > (filter.routing_key, 0) AND routing_key <= filter.routing_key
          ORDER BY routing_key, id LIMIT \(IndexLimits.lanesPerRoutingKey)
        ) AS lane
        """
      return [
        IndexScan(from: firstLanes, keys: [("lane", "lane.id")]),
        IndexScan(from: filters, columns, onlyIf: LateEvents.ofLanes),
      ]
    case .aggregateAndRoutingKey, .aggregateAndKind, .aggregateAndLane:
      return [
        IndexScan(from: filters, [.aggregate], matching: columns.last),
        IndexScan(from: filters, columns, onlyIf: LateEvents.ofAggregate),
      ]
    }
  }
}

/// The conditions of the partial indexes, in SQL: see ``Schema``.
private enum LateEvents {
  static let ofKinds = "is_late_kind"
  static let ofLanes = "is_late_lane"
  static let ofAggregate = "version > \(IndexLimits.blockLength)"
}
