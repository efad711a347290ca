extension NewEvent {
  /// Checks the events of one write: names, versions and timestamps must be in their ranges, and the events of an
  /// aggregate must all have a version or all have none. An executor calls this first.
  ///
  /// - Throws: `missing_data` if there are no events; `invalid_request` if one is invalid.
  public static func check(_ events: [NewEvent]) throws {
    guard !events.isEmpty else { throw EventoError.missingData() }
    for index in events.indices { try events.span[index].check("events[\(index)]") }
    if let index = indexOfMixedVersion(in: events) {
      throw EventoError(.invalidRequest, "events[\(index)].version \(mixedVersionsDetail).")
    }
  }

  /// - Parameter label: The name of the event in the error.
  private func check(_ label: @autoclosure () -> String) throws(EventoError) {
    try Name.check(aggregatorType, "\(label()).aggregator_type")
    try Name.check(aggregatorID, "\(label()).aggregator_id")
    try Name.check(name, "\(label()).name")
    if case .value(let key?) = routingKey { try Name.check(key, "\(label()).routing_key") }
    if let version, !(1...Event.maximumVersion).contains(version) {
      throw EventoError(
        .invalidRequest, "\(label()).version must be 1 to \(Event.maximumVersion), but is \(version).")
    }
    if let timestamp, !Timestamp.secondsRange.contains(timestamp.seconds) {
      throw EventoError(.invalidRequest, "\(label()).timestamp must be within the years 1970 to 9999.")
    }
  }

  /// Returns the index of the first event that has a version although an earlier one of its aggregate has none, or the
  /// other way round.
  package static func indexOfMixedVersion(in events: [NewEvent]) -> Int? {
    guard let first = events.first, events.contains(where: { ($0.version == nil) != (first.version == nil) }) else {
      return nil
    }
    var versioned: [AggregateKey: Bool] = [:]
    for (index, event) in events.enumerated() {
      let aggregate = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
      let isVersioned = event.version != nil
      if versioned.updateValue(isVersioned, forKey: aggregate) ?? isVersioned != isVersioned { return index }
    }
    return nil
  }

  /// The error text, to follow the name of the version.
  package static let mixedVersionsDetail = "must be given for all events of an aggregate, or for none"
}
