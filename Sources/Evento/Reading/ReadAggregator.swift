/// One filter of a read: the events of a type, of one aggregate, of one name, or of one name in one aggregate.
public struct ReadAggregator: Sendable, Equatable {
  public var aggregatorType: String
  /// Left out: those of every aggregate of the type.
  public var aggregatorID: String?
  /// Left out: those of every name.
  public var name: String?

  public init(_ aggregatorType: String, id aggregatorID: String? = nil, name: String? = nil) {
    self.aggregatorType = aggregatorType
    self.aggregatorID = aggregatorID
    self.name = name
  }

  /// Equal in every member, by UTF-8 bytes.
  public static func == (left: ReadAggregator, right: ReadAggregator) -> Bool {
    left.aggregatorType.isExactly(right.aggregatorType) && left.aggregatorID.isExactly(right.aggregatorID)
      && left.name.isExactly(right.name)
  }

  /// Whether an event passes.
  public func matches(_ event: Event) -> Bool {
    matches(type: event.aggregatorType, id: event.aggregatorID, name: event.name)
  }

  /// Whether an event with these names passes.
  package func matches(type: String, id: String, name: String) -> Bool {
    aggregatorType.isExactly(type) && (aggregatorID == nil || aggregatorID.isExactly(id))
      && (self.name == nil || self.name.isExactly(name))
  }

  /// The most filters that one read or condition takes.
  public static let maximumCount = 200

  /// - Throws: `invalid_request` where there are too many, or one is out of form.
  package static func check(_ aggregators: [ReadAggregator]) throws(EventoError) {
    guard aggregators.count <= maximumCount else {
      throw EventoError(
        .invalidRequest, "A read takes at most \(maximumCount) filters, and there are \(aggregators.count).")
    }
    for aggregator in aggregators {
      try NameRule.check(aggregator.aggregatorType, "a filter's aggregator_type")
      if let id = aggregator.aggregatorID { try NameRule.check(id, "a filter's aggregator_id") }
      if let name = aggregator.name { try NameRule.check(name, "a filter's name") }
    }
  }
}

/// Which partition of the log a read is of.
public enum RoutingKey: Sendable, Equatable {
  /// All events.
  case all
  /// The events with this routing key; with `nil`, those that have none.
  case value(String?)

  /// Equal by UTF-8 bytes.
  public static func == (left: RoutingKey, right: RoutingKey) -> Bool {
    switch (left, right) {
    case (.all, .all): true
    case (.value(let left), .value(let right)): left.isExactly(right)
    default: false
    }
  }

  /// Whether an event passes.
  public func matches(_ event: Event) -> Bool { matches(event.routingKey) }

  /// Whether an event with this key passes.
  package func matches(_ routingKey: String?) -> Bool {
    switch self {
    case .all: true
    case .value(let key): key.isExactly(routingKey)
    }
  }

  /// - Throws: `invalid_request` where the key is out of form.
  package func check() throws(EventoError) {
    if case .value(let key?) = self { try NameRule.check(key, "the routing_key") }
  }
}
