internal import Evento
internal import EventoWire

/// What is followed.
struct FollowFilter: Sendable {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey
  /// Names the filter by the bytes of the request for it: texts that differ in their bytes are never the same.
  let key: [UInt8]

  init(aggregators: [ReadAggregator]?, routingKey: RoutingKey) {
    self.aggregators = aggregators
    self.routingKey = routingKey
    key = FollowRequest(aggregators: aggregators, routingKey: routingKey, after: .beginning).json
  }

  /// Whether an event passes.
  func matches(_ event: borrowing EventView) -> Bool {
    guard routingKey.matches(event.routingKey) else { return false }
    guard let aggregators else { return true }
    let (type, id, name) = (event.aggregatorType, event.aggregatorID, event.name)
    return aggregators.contains { $0.matches(type: type, id: id, name: name) }
  }
}
