internal import Evento

/// The filter of a follower. Filters are equal by their bytes; followers with equal filters share one
/// (``FilterIndex``).
final class FollowFilter: Sendable, Hashable {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey
  /// The approximate size in memory, in bytes, including its entries in a ``FilterIndex``.
  let cost: Int
  /// Computed once: a filter can be 150 KB long.
  private let hash: Int

  /// The cost of an aggregator in addition to its texts: their strings and the entry in the index.
  static let costOfAggregator = 256

  init(aggregators: [ReadAggregator]?, routingKey: RoutingKey) {
    self.aggregators = aggregators
    self.routingKey = routingKey
    var cost = (aggregators?.count ?? 0) * Self.costOfAggregator
    for aggregator in aggregators ?? [] {
      for name in [aggregator.aggregatorType, aggregator.aggregatorID, aggregator.name] {
        cost += name?.utf8.count ?? 0
      }
    }
    if case .value(let key?) = routingKey { cost += key.utf8.count }
    var hasher = Hasher()
    hasher.combine(aggregators)
    hasher.combine(routingKey)
    self.cost = cost
    hash = hasher.finalize()
  }

  static func == (left: FollowFilter, right: FollowFilter) -> Bool {
    left === right
      || left.hash == right.hash && left.routingKey == right.routingKey && left.aggregators == right.aggregators
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(hash)
  }
}
