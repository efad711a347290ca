/// The texts that an event must have to match a filter.
///
/// Code with many filters looks up an event under the one key of each ``Form`` that the event has, instead of trying
/// filter by filter.
package struct FilterKey: Sendable, Hashable {
  /// The set of an event's texts that a filter selects by.
  package struct Form: Sendable, Hashable {
    private enum Names: Int, CaseIterable {
      case none
      case ofType
      case ofName
      case ofAggregate
      case ofNameInAggregate
    }

    private let names: Names
    package let hasRoutingKey: Bool

    package static let all = Names.allCases.flatMap { names in
      [Form(names: names, hasRoutingKey: false), Form(names: names, hasRoutingKey: true)]
    }

    /// The index in ``all``.
    package var index: Int { names.rawValue * 2 + (hasRoutingKey ? 1 : 0) }

    package var hasType: Bool { names != .none }
    package var hasName: Bool { names == .ofName || names == .ofNameInAggregate }
    package var hasID: Bool { names == .ofAggregate || names == .ofNameInAggregate }

    fileprivate init(_ aggregator: ReadAggregator?, _ routingKey: RoutingKey) {
      names =
        switch (aggregator, aggregator?.exactID, aggregator?.exactName) {
        case (nil, _, _): .none
        case (_, nil, nil): .ofType
        case (_, nil, .some): .ofName
        case (_, .some, nil): .ofAggregate
        case (_, .some, .some): .ofNameInAggregate
        }
      hasRoutingKey = routingKey != .all
    }

    private init(names: Names, hasRoutingKey: Bool) {
      self.names = names
      self.hasRoutingKey = hasRoutingKey
    }
  }

  package let form: Form
  private let type: Name?
  private let id: Name?
  private let name: Name?
  private let routingKey: Name?

  /// - Parameter aggregator: The filter; `nil` for any event.
  package init(_ aggregator: ReadAggregator?, _ routingKey: RoutingKey) {
    form = Form(aggregator, routingKey)
    type = aggregator?.exactType
    id = aggregator?.exactID
    name = aggregator?.exactName
    self.routingKey = routingKey.exactKey ?? nil
  }

  /// Creates the one key of a form that matches an event with these texts. Texts that the form does not use are
  /// ignored.
  package init(_ form: Form, type: String, id: String?, name: String, routingKey: String?) {
    self.form = form
    self.type = form.hasType ? Name(checked: type) : nil
    self.id = form.hasID ? id.map(Name.init(checked:)) : nil
    self.name = form.hasName ? Name(checked: name) : nil
    self.routingKey = form.hasRoutingKey ? routingKey.map(Name.init(checked:)) : nil
  }
}

extension [ReadAggregator]? {
  /// Returns the keys of a read or condition: an event matches if it matches one of them. Two may be equal.
  package func filterKeys(_ routingKey: RoutingKey) -> [FilterKey] {
    map { $0.map { FilterKey($0, routingKey) } } ?? [FilterKey(nil, routingKey)]
  }
}
