internal import Evento
internal import EventoStorage

/// Checks that the rows of a page are those that its filters select, as far as the rows show it: an index that is damaged
/// can lead to other events, or skip some.
struct EventCheck {
  /// `nil` if all events match.
  private let filters: FilterSet?
  /// The lane and the aggregate of the last event that matched: most events have the same as the one before.
  private var last: (lane: Int64, aggregate: Int64)?
  /// The numbers that have no gaps: positions of the whole log, or versions of one aggregate.
  private var gaps: (check: GapCheck, isOfLog: Bool)?

  /// Creates the check of a page whose events come from several scans.
  init(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey) {
    filters = aggregators == nil && routingKey == .all ? nil : FilterSet(aggregators, routingKey)
  }

  /// Creates the check of a page with all events of one scan.
  init(
    _ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey, _ scan: IndexScan, from position: Int64,
    _ direction: ReadDirection
  ) {
    self.init(aggregators, routingKey)
    switch scan.selection {
    // A page that is read backward from the end begins at any position.
    case .log: gaps = (GapCheck(after: position == .max ? nil : position, direction), true)
    // A page that begins at the beginning of the log begins with version 1.
    case .aggregate: gaps = (GapCheck(after: direction == .forward && position == 0 ? 0 : nil, direction), false)
    default: break
    }
  }

  /// Checks that no event is missing before that of a row.
  mutating func checkOrder(_ row: Statement, at position: LogPosition) throws(SQLiteFailure) {
    guard let isOfLog = gaps?.isOfLog else { return }
    let number = isOfLog ? position.position : row.integer(4)
    guard let gap = gaps?.check.gap(before: number) else { return }
    guard isOfLog, let first = gap.first, let last = gap.last else { throw SQLiteFailure(.index) }
    throw SQLiteFailure(.missing(first...last, before: position))
  }

  /// Checks that no event is missing at the beginning, once a backward read has found no more.
  func checkBeginning() throws(SQLiteFailure) {
    guard let (check, isOfLog) = gaps, let gap = check.gapAtBeginning else { return }
    guard isOfLog else { throw SQLiteFailure(.index) }
    throw SQLiteFailure(.beginning(missing: gap))
  }

  /// Returns whether an event matches the filters.
  mutating func matches(_ event: borrowing EventView, _ row: Statement) -> Bool {
    guard let filters else { return true }
    let (lane, aggregate) = (row.integer(5), row.integer(3))
    if let last, last.lane == lane, last.aggregate == aggregate || !filters.hasIDs { return true }
    let id = event.aggregatorID
    guard
      filters.matches(
        type: event.names.aggregatorType, name: event.names.name, routingKey: event.names.routingKey, id: { id })
    else { return false }
    last = (lane, aggregate)
    return true
  }
}
