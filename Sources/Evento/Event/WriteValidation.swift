/// The rule for names, keys and other short text.
public enum NameRule {
  /// The allowed lengths, in bytes of UTF-8.
  public static let lengths = 1...255

  /// Returns an error text for a name, or `nil` if it is valid.
  public static func fault(in text: String) -> String? {
    let bytes = text.utf8
    guard lengths.contains(bytes.count) else {
      return "must be \(lengths.lowerBound) to \(lengths.upperBound) bytes of UTF-8, but has \(bytes.count)"
    }
    guard !(bytes.withContiguousStorageIfAvailable(hasControl) ?? hasControl(bytes)) else {
      return "must not contain control characters (U+0000 to U+001F, U+007F)"
    }
    return nil
  }

  /// Checks all bytes, 16 at once, which is faster than stopping at the first one found.
  private static func hasControl(_ bytes: some Collection<UInt8>) -> Bool {
    var found: UInt8 = 0
    for byte in bytes { found |= (byte < 0x20 ? 1 : 0) | (byte == 0x7F ? 1 : 0) }
    return found != 0
  }

  /// Checks a name.
  ///
  /// - Throws: `invalid_request`, with `label` as the name of the text, if it violates the rule.
  package static func check(_ text: String, _ label: @autoclosure () -> String) throws(EventoError) {
    if let fault = fault(in: text) { throw EventoError(.invalidRequest, "\(label()) \(fault).") }
  }
}

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

  /// Returns whether each member that is present equals the stored one (text by its UTF-8 bytes), so that writing this
  /// event is a resend.
  public func isStored(as event: Event) -> Bool {
    agrees(
      id: event.id, version: event.version, timestamp: event.timestamp, routingKey: event.routingKey,
      type: event.aggregatorType, aggregatorID: event.aggregatorID, name: event.name)
      && data.bytes == event.data.bytes && metadata == event.metadata
  }

  /// Returns whether each member that is present, except payload and metadata, equals the stored one.
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

  /// - Parameter label: The name of the event in the error.
  private func check(_ label: @autoclosure () -> String) throws(EventoError) {
    try NameRule.check(aggregatorType, "\(label()).aggregator_type")
    try NameRule.check(aggregatorID, "\(label()).aggregator_id")
    try NameRule.check(name, "\(label()).name")
    if case .value(let key?) = routingKey { try NameRule.check(key, "\(label()).routing_key") }
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

  /// The error text, to follow the name of the version.
  package static let mixedVersionsDetail = "must be given for all events of an aggregate, or for none"
}
