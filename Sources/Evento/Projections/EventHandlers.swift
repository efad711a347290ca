/// The handlers of a projection or subscription by type of event.
struct EventHandlers<Handler: Sendable>: Sendable {
  enum Choice {
    case handle(Handler)
    case skip
  }

  struct EventType: Hashable {
    let aggregatorType: Name
    let name: Name
  }

  private var choices: [EventType: Choice] = [:]
  private var catchAlls: [Name: Handler] = [:]

  /// - Precondition: This type of event is not handled or skipped yet.
  mutating func add<Data: AggregateEvent>(_ type: Data.Type, _ choice: Choice) {
    let key = EventType(
      aggregatorType: Name(checked: Data.Aggregate.aggregatorType), name: Name(checked: Data.eventName))
    requireUse(
      choices.updateValue(choice, forKey: key) == nil,
      "\(Data.eventName) of \(Data.Aggregate.aggregatorType) is handled or skipped twice")
  }

  /// Handles every event of a kind of aggregate that has no handler of its own and is not skipped.
  ///
  /// - Precondition: All events of this kind are not handled yet.
  mutating func addAll<Kind: Aggregate>(_ kind: Kind.Type, _ handler: Handler) {
    requireUse(
      catchAlls.updateValue(handler, forKey: Name(checked: Kind.aggregatorType)) == nil,
      "all events of \(Kind.aggregatorType) are handled twice")
  }

  /// Returns the choice for an event; `nil` if there is none.
  func choice(for event: Event) -> Choice? {
    let key = EventType(aggregatorType: event.aggregate.type, name: event.exactName)
    return choices[key] ?? catchAlls[key.aggregatorType].map(Choice.handle)
  }

  /// The kinds of aggregate with handled or skipped events, in byte order.
  var aggregatorTypes: [String] {
    Set(choices.keys.map(\.aggregatorType)).union(catchAlls.keys).sorted().map(\.text)
  }

  /// Returns the event names to read of a kind of aggregate, in byte order; `nil` for all of them.
  func names(of aggregatorType: String) -> [String]? {
    let aggregatorType = Name(checked: aggregatorType)
    guard catchAlls[aggregatorType] == nil else { return nil }
    return choices.keys.filter { $0.aggregatorType == aggregatorType }.map(\.name).sorted().map(\.text)
  }
}
