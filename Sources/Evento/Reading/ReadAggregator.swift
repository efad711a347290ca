/// One filter of a read: the events of a type, of one aggregate, of one name, or of one name in one aggregate.
public struct ReadAggregator: Sendable, Equatable {
  public var aggregatorType: String
  /// The id of one aggregate; `nil` for every aggregate of the type.
  public var aggregatorID: String?
  /// The name of the events; `nil` for every name.
  public var name: String?

  public init(_ aggregatorType: String, id aggregatorID: String? = nil, name: String? = nil) {
    self.aggregatorType = aggregatorType
    self.aggregatorID = aggregatorID
    self.name = name
  }

  /// Returns whether all members are equal by their UTF-8 bytes.
  public static func == (left: ReadAggregator, right: ReadAggregator) -> Bool {
    left.aggregatorType.isExactly(right.aggregatorType) && left.aggregatorID.isExactly(right.aggregatorID)
      && left.name.isExactly(right.name)
  }

  /// Returns whether an event matches.
  public func matches(_ event: Event) -> Bool {
    matches(type: event.aggregatorType, id: event.aggregatorID, name: event.name)
  }

  /// Returns whether an event with these names matches.
  package func matches(type: String, id: String, name: String) -> Bool {
    aggregatorType.isExactly(type) && (aggregatorID == nil || aggregatorID.isExactly(id))
      && (self.name == nil || self.name.isExactly(name))
  }

  /// The maximum number of filters of a read or a condition.
  public static let maximumCount = 200

  /// - Throws: `invalid_request` if there are too many filters, or one is invalid.
  package static func check(_ aggregators: [ReadAggregator]) throws(EventoError) {
    guard aggregators.count <= maximumCount else {
      throw EventoError(
        .invalidRequest, "A read takes at most \(maximumCount) filters, but has \(aggregators.count).")
    }
    for aggregator in aggregators {
      try NameRule.check(aggregator.aggregatorType, "A filter's aggregator_type")
      if let id = aggregator.aggregatorID { try NameRule.check(id, "A filter's aggregator_id") }
      if let name = aggregator.name { try NameRule.check(name, "A filter's name") }
    }
  }
}

/// The filter of a read by routing key.
public enum RoutingKey: Sendable, Equatable {
  /// All events.
  case all
  /// The events with this routing key; with `nil`, those without one.
  case value(String?)

  /// Compares by UTF-8 bytes.
  public static func == (left: RoutingKey, right: RoutingKey) -> Bool {
    switch (left, right) {
    case (.all, .all): true
    case (.value(let left), .value(let right)): left.isExactly(right)
    default: false
    }
  }

  /// Returns whether an event matches.
  public func matches(_ event: Event) -> Bool { matches(event.routingKey) }

  /// Returns whether an event with this key matches.
  package func matches(_ routingKey: String?) -> Bool {
    switch self {
    case .all: true
    case .value(let key): key.isExactly(routingKey)
    }
  }

  /// - Throws: `invalid_request` if the key is invalid.
  package func check() throws(EventoError) {
    if case .value(let key?) = self { try NameRule.check(key, "routing_key") }
  }
}
