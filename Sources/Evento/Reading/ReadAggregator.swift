/// One filter of a read: the events of a type, of one aggregate, of one name, or of one name in one aggregate. Compared
/// by UTF-8 bytes.
public struct ReadAggregator: Sendable, Hashable {
  private(set) var exactType: Name
  private(set) var exactID: Name?
  private(set) var exactName: Name?

  public init(_ aggregatorType: String, id aggregatorID: String? = nil, name: String? = nil) {
    exactType = Name(checked: aggregatorType)
    exactID = aggregatorID.map(Name.init(checked:))
    exactName = name.map(Name.init(checked:))
  }

  public var aggregatorType: String {
    get { exactType.text }
    set { exactType = Name(checked: newValue) }
  }

  /// The id of one aggregate; `nil` for every aggregate of the type.
  public var aggregatorID: String? {
    get { exactID?.text }
    set { exactID = newValue.map(Name.init(checked:)) }
  }

  /// The name of the events; `nil` for every name.
  public var name: String? {
    get { exactName?.text }
    set { exactName = newValue.map(Name.init(checked:)) }
  }

  /// Returns true if an event matches.
  public func matches(_ event: Event) -> Bool {
    matches(type: event.aggregatorType, id: event.aggregatorID, name: event.name)
  }

  /// Returns true if an event with these names matches.
  package func matches(type: String, id: String, name: String) -> Bool {
    exactType == Name(checked: type) && (exactID == nil || exactID == Name(checked: id))
      && (exactName == nil || exactName == Name(checked: name))
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
      try Name.check(aggregator.aggregatorType, "A filter's aggregator_type")
      if let id = aggregator.aggregatorID { try Name.check(id, "A filter's aggregator_id") }
      if let name = aggregator.name { try Name.check(name, "A filter's name") }
    }
  }
}
