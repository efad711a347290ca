internal import Evento

/// Assigns each event of one write its version and its routing key, which follow from its aggregate's latest event.
struct VersionCheck {
  private let lookup: any LogLookup
  /// The aggregates of the write, each with the version and routing key of its latest event.
  private(set) var heads: [AcceptedWrite.Head] = []
  /// The indexes of all aggregates except the last one, so that a write to one aggregate needs no dictionary.
  private var indexes: [AggregateKey: Int] = [:]
  /// The aggregate of the previous event, which is often the same.
  private var last: (key: AggregateKey, index: Int)?

  init(_ lookup: any LogLookup) {
    self.lookup = lookup
  }

  /// - Throws: `invalid_original_version` if the event's version is not the next one of its aggregate, after the
  ///   earlier events of the same write; the lookup's failure.
  mutating func assign(to event: NewEvent) throws -> AcceptedWrite.AssignedVersion {
    let index = try index(of: event)
    let next = heads[index].version + 1
    if let given = event.version, given != next {
      throw EventoError.versionConflict(on: event, given: given, current: heads[index].storedVersion, next: next)
    }
    guard next <= Event.maximumVersion else {
      throw EventoError(
        .invalidRequest,
        "\(event.aggregatorType) \"\(event.aggregatorID)\" has reached version \(Event.maximumVersion), the last one. Continue "
          + "with a new aggregate.")
    }
    heads[index].version = next
    if case .value(let routingKey) = event.routingKey { heads[index].routingKey = routingKey }
    return AcceptedWrite.AssignedVersion(head: index, version: next, routingKey: heads[index].routingKey)
  }

  private mutating func index(of event: NewEvent) throws -> Int {
    let key = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
    if let last, last.key == key { return last.index }
    if let last { indexes[last.key] = last.index }
    let index = indexes[key] ?? heads.count
    if index == heads.count { heads.append(AcceptedWrite.Head(key, try lookup.head(of: key))) }
    last = (key, index)
    return index
  }
}
