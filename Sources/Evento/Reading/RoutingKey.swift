/// The filter of a read by routing key. Compared by UTF-8 bytes.
public enum RoutingKey: Sendable, Hashable {
  /// All events.
  case all
  /// The events with this routing key; with `nil`, those without one.
  case value(String?)

  public static func == (left: RoutingKey, right: RoutingKey) -> Bool { left.exactKey == right.exactKey }

  public func hash(into hasher: inout Hasher) { hasher.combine(exactKey) }

  /// The routing key that it selects, or none, if it selects one.
  var exactKey: Name?? {
    switch self {
    case .all: nil
    case .value(let key): .some(key.map(Name.init(checked:)))
    }
  }

  /// Returns true if an event matches.
  public func matches(_ event: Event) -> Bool { matches(event.routingKey) }

  /// Returns true if an event with this key matches.
  package func matches(_ routingKey: String?) -> Bool {
    self == .all || self == .value(routingKey)
  }

  /// - Throws: `invalid_request` if the key is invalid.
  package func check() throws(EventoError) {
    if case .value(let key?) = self { try Name.check(key, "routing_key") }
  }
}
