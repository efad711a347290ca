internal import Evento
internal import EventoWire

/// What is followed.
struct FollowFilter: Sendable {
  let aggregators: [ReadAggregator]?
  let routingKey: RoutingKey

  /// Whether an event passes.
  func matches(_ event: Event) -> Bool {
    routingKey.matches(event) && (aggregators.map { $0.contains { $0.matches(event) } } ?? true)
  }

  /// Names the filter, or a place in what it lets pass, by the bytes of the request for it: texts that differ in their
  /// bytes are never the same.
  func key(_ start: Args.Start = .beginning) -> [UInt8] {
    FollowRequest(aggregators: aggregators, routingKey: routingKey, after: start).json
  }
}
