/// What a name, key or other short text must be.
public enum NameRule {
  /// Bytes of UTF-8 that a name may have.
  public static let lengths = 1...255

  /// What is wrong with a name, or `nil` where nothing is.
  public static func fault(in text: String) -> String? {
    let bytes = text.utf8
    guard lengths.contains(bytes.count) else {
      return "must be \(lengths.lowerBound) to \(lengths.upperBound) bytes of UTF-8, and has \(bytes.count)"
    }
    guard !(bytes.withContiguousStorageIfAvailable(hasControl) ?? hasControl(bytes)) else {
      return "must have no control characters (U+0000 to U+001F, U+007F)"
    }
    return nil
  }

  /// Looks at all of it, which takes less time than to stop at the first: sixteen bytes at once.
  private static func hasControl(_ bytes: some Collection<UInt8>) -> Bool {
    var found: UInt8 = 0
    for byte in bytes { found |= (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) }
    return found != 0
  }

  /// - Throws: `invalid_request`, which names the text by `label`, where the rule does not hold.
  package static func check(_ text: String, _ label: @autoclosure () -> String) throws(EventoError) {
    if let fault = fault(in: text) { throw EventoError(.invalidRequest, "\(label()) \(fault).") }
  }
}

extension NewEvent {
  /// Checks the form of the events of one write: names, versions and timestamps in their ranges, and the events of one
  /// aggregate either all with a version or all without. What an executor does first with a write.
  ///
  /// - Throws: `missing_data` where there are none, `invalid_request` where one is out of form.
  public static func check(_ events: [NewEvent]) throws {
    guard !events.isEmpty else { throw EventoError.missingData() }
    for index in events.indices { try events.span[index].check("events[\(index)]") }
    if let index = indexOfMixedVersion(in: events) {
      throw EventoError(.invalidRequest, "events[\(index)]: version \(mixedVersionsDetail).")
    }
  }

  /// Whether each member that is given equals what is stored, text by its UTF-8 bytes: so that a write of it is that
  /// event's sent again.
  public func isStored(as event: Event) -> Bool {
    agrees(
      id: event.id, version: event.version, timestamp: event.timestamp, routingKey: event.routingKey,
      type: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name)
      && data.bytes == event.data.bytes && metadata == event.metadata
  }

  /// Whether each member that is given, payload and metadata aside, equals what is stored.
  package func agrees(with event: borrowing EventView) -> Bool {
    agrees(
      id: event.id, version: event.version, timestamp: event.timestamp, routingKey: event.routingKey,
      type: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name)
  }

  private func agrees(
    id: ULID, version: Int, timestamp: Timestamp, routingKey: String?, type: String, aggregatorID: String, name: String
  ) -> Bool {
    if let given = self.id, given != id { return false }
    if let given = self.version, given != version { return false }
    if let given = self.timestamp, given != timestamp { return false }
    if case .value(let given) = self.routingKey, !given.isExactly(routingKey) { return false }
    return aggregatorType.isExactly(type) && self.aggregatorID.isExactly(aggregatorID) && self.name.isExactly(name)
  }

  /// - Parameter label: which event it is, for the error.
  private func check(_ label: @autoclosure () -> String) throws(EventoError) {
    try NameRule.check(aggregatorType, "\(label()): aggregator_type")
    try NameRule.check(aggregatorID, "\(label()): aggregator_id")
    try NameRule.check(name, "\(label()): name")
    if case .value(let key?) = routingKey { try NameRule.check(key, "\(label()): routing_key") }
    if let version, !(1...Event.maximumVersion).contains(version) {
      throw EventoError(
        .invalidRequest, "\(label()): version must be 1 to \(Event.maximumVersion), but is \(version).")
    }
    if let timestamp, !Timestamp.secondsRange.contains(timestamp.seconds) {
      throw EventoError(.invalidRequest, "\(label()): timestamp must be within the years 1970 to 9999.")
    }
  }

  /// The first event that carries a version where an earlier one of its aggregate does not, or the other way round.
  package static func indexOfMixedVersion(in events: [NewEvent]) -> Int? {
    guard let first = events.first, events.contains(where: { ($0.version == nil) != (first.version == nil) }) else {
      return nil
    }
    struct Aggregate: Hashable {
      let type: ExactText
      let id: ExactText
    }
    var versioned: [Aggregate: Bool] = [:]
    for (index, event) in events.enumerated() {
      let aggregate = Aggregate(type: ExactText(event.aggregatorType), id: ExactText(event.aggregatorID))
      let isVersioned = event.version != nil
      if versioned.updateValue(isVersioned, forKey: aggregate) ?? isVersioned != isVersioned { return index }
    }
    return nil
  }

  /// To stand behind what the version is called.
  package static let mixedVersionsDetail = "must be given for all events of one aggregate or for none of them"
}
