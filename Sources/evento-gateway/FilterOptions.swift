internal import ArgumentParser
internal import Evento

/// The options of a command that select events.
struct FilterOptions: ParsableArguments {
  @Option(help: "Only events of this aggregate type.")
  var aggregatorType: String?

  @Option(help: "Only events of this aggregate; needs --aggregator-type.")
  var aggregatorId: String?

  @Option(help: "Only events with this name; needs --aggregator-type.")
  var name: String?

  @Option(help: "Only events with this routing key. An empty one selects events without a key.")
  var routingKey: String?

  /// `nil` for all events.
  var aggregators: [ReadAggregator]? { aggregatorType.map { [ReadAggregator($0, id: aggregatorId, name: name)] } }

  var key: RoutingKey { routingKey.map { .value($0.isEmpty ? nil : $0) } ?? .all }

  var selectsAll: Bool { aggregators == nil && key == .all }

  func validate() throws {
    guard aggregatorType != nil || aggregatorId == nil && name == nil else {
      throw ValidationError("--aggregator-id and --name need --aggregator-type.")
    }
    // By the gateway's rule, whose errors would name the members of a request.
    let names = [
      ("--aggregator-type", aggregatorType), ("--aggregator-id", aggregatorId), ("--name", name),
      // An empty one selects events without a key.
      ("--routing-key", routingKey?.isEmpty == true ? nil : routingKey),
    ]
    for case (let option, let name?) in names {
      if let problem = Name.error(in: name) { throw ValidationError("\(option) \(problem).") }
    }
  }
}
