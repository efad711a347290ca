internal import Evento

/// The filters of a read or a condition, matched against the names of an event in memory.
///
/// An event is looked up under at most four combinations of its names, one for each form of a filter, so that 200 filters
/// cost no more than one.
struct FilterSet: Sendable {
  private struct Names: Hashable {
    let type: ExactText
    var id: ExactText?
    var name: ExactText?
  }

  /// `nil`: all events.
  private let names: Set<Names>?
  private let routingKey: RoutingKey
  /// Which forms of filters there are.
  private var (hasTypes, hasNames, hasAggregates, hasNamesInAggregates) = (false, false, false, false)

  init(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey) {
    self.routingKey = routingKey
    guard let aggregators else {
      names = nil
      return
    }
    var names: Set<Names> = []
    names.reserveCapacity(aggregators.count)
    for aggregator in aggregators {
      switch (aggregator.aggregatorID, aggregator.name) {
      case (nil, nil): hasTypes = true
      case (nil, .some): hasNames = true
      case (.some, nil): hasAggregates = true
      case (.some, .some): hasNamesInAggregates = true
      }
      names.insert(
        Names(
          type: ExactText(aggregator.aggregatorType), id: aggregator.aggregatorID.map(ExactText.init),
          name: aggregator.name.map(ExactText.init)))
    }
    self.names = names
  }

  /// Whether an event matches.
  ///
  /// - Parameter id: returns the id of the event's aggregate; called only if a filter has an id.
  func matches(
    _ event: Catalog.LaneNames, id: () throws(SQLiteFailure) -> String
  ) throws(SQLiteFailure) -> Bool {
    guard routingKey.matches(event.routingKey) else { return false }
    guard let names else { return true }
    let (type, name) = (ExactText(event.type), ExactText(event.name))
    if hasTypes, names.contains(Names(type: type)) { return true }
    if hasNames, names.contains(Names(type: type, name: name)) { return true }
    guard hasAggregates || hasNamesInAggregates else { return false }
    let id = ExactText(try id())
    if hasAggregates, names.contains(Names(type: type, id: id)) { return true }
    return hasNamesInAggregates && names.contains(Names(type: type, id: id, name: name))
  }
}
