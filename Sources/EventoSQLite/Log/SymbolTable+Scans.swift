internal import Evento
internal import EventoStorage

extension SymbolTable {
  /// Returns the scans that together have each event that matches one of the aggregators (`nil`: all) and the routing
  /// key, each once.
  ///
  /// - Complexity: O(1) for each aggregator, however many names, types, routing keys and aggregates there are: at most
  ///   ``IndexLimits/kindsPerType`` look-ups and as many scans, and one posting list. For a routing key alone, at most
  ///   ``IndexLimits/lanesPerRoutingKey`` scans and one posting list.
  func scans(_ aggregators: [ReadAggregator]?, _ routingKey: RoutingKey) throws(SQLiteFailure) -> Set<IndexScan> {
    var keyID: Int64?
    if case .value(let key) = routingKey {
      guard let known = try self.routingKey(key) else { return [] }
      keyID = known
    }
    var scans: Set<IndexScan> = []
    guard let aggregators else {
      guard let keyID else { return [IndexScan(.log)] }
      for lane in try firstLanes(ofRoutingKey: keyID) { scans.insert(IndexScan(.lane, lane)) }
      if let list = try postingList(type: Self.anyType, routingKey: keyID) {
        scans.insert(IndexScan(.postingList, list.id))
      }
      return scans
    }
    for aggregator in aggregators { try add(aggregator, keyID, to: &scans) }
    return scans
  }

  private func add(
    _ aggregator: ReadAggregator, _ routingKey: Int64?, to scans: inout Set<IndexScan>
  ) throws(SQLiteFailure) {
    guard let type = try text(aggregator.aggregatorType) else { return }
    var kind: Int64?
    var lane: Int64?
    if let name = aggregator.name {
      guard let name = try text(name), let known = try self.kind(type: type, name: name) else { return }
      kind = known
      if let routingKey {
        guard let known = try self.lane(kind: known, routingKey: routingKey) else { return }
        lane = known
      }
    }
    if let key = aggregator.aggregatorID {
      guard let aggregate = try aggregate(type: aggregator.aggregatorType, key: key) else { return }
      switch (lane, kind, routingKey) {
      case (let lane?, _, _): scans.insert(IndexScan(.aggregateLane, aggregate, lane))
      case (nil, let kind?, _): scans.insert(IndexScan(.aggregateKind, aggregate, kind))
      case (nil, nil, let routingKey?): scans.insert(IndexScan(.aggregateRoutingKey, aggregate, routingKey))
      case (nil, nil, nil): scans.insert(IndexScan(.aggregate, aggregate))
      }
    } else if let lane {
      scans.insert(IndexScan(.lane, lane))
    } else if let kind {
      scans.insert(IndexScan(.kind, kind))
    } else {
      scans.formUnion(try self.scans(ofType: type, routingKey: routingKey))
    }
  }

  /// Returns the scans for the events of a type.
  ///
  /// - Parameter routingKey: `nil` for events with any routing key, and without one.
  func scans(ofType type: Int64, routingKey: Int64?) throws(SQLiteFailure) -> Set<IndexScan> {
    var scans: Set<IndexScan> = []
    for kind in try firstKinds(ofType: type) {
      guard let routingKey else {
        scans.insert(IndexScan(.kind, kind))
        continue
      }
      if let lane = try self.lane(kind: kind, routingKey: routingKey) { scans.insert(IndexScan(.lane, lane)) }
    }
    if let list = try postingList(type: type, routingKey: routingKey ?? Self.anyRoutingKey) {
      scans.insert(IndexScan(.postingList, list.id))
    }
    return scans
  }
}
