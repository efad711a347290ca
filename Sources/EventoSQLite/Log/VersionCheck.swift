internal import Evento

/// Gives each event of one write its version and its routing key, from what its aggregate's latest event says.
struct VersionCheck {
  let connection: Connection
  let catalog: Catalog
  private var heads: [AggregateKey: Head] = [:]

  init(connection: Connection, catalog: Catalog) {
    self.connection = connection
    self.catalog = catalog
  }

  /// What is known of an event that may be written.
  struct Admission {
    /// `nil` for one that is not stored yet.
    let aggregate: Int64?
    let version: Int
    let routingKey: String?
  }

  private struct Head {
    let aggregate: Int64?
    let storedVersion: Int
    var version: Int
    var routingKey: String?
  }

  /// - Throws: `invalid_original_version` where the event's version is not the next one of its aggregate, earlier
  ///   events of the same write included; ``SQLiteFailure``.
  mutating func admit(_ event: NewEvent) throws -> Admission {
    let key = AggregateKey(event)
    var head = try heads[key] ?? storedHead(of: event)
    let next = head.version + 1
    if let given = event.version, given != next {
      throw EventoError.versionConflict(on: event, given: given, current: head.storedVersion, next: next)
    }
    guard next <= Event.maximumVersion else {
      throw EventoError(
        .invalidRequest,
        "\(event.aggregatorType) \(event.aggregatorID) has reached version \(Event.maximumVersion), the last one there "
          + "is: go on in a new aggregate.")
    }
    head.version = next
    if case .value(let routingKey) = event.routingKey { head.routingKey = routingKey }
    heads[key] = head
    return Admission(aggregate: head.aggregate, version: next, routingKey: head.routingKey)
  }

  private func storedHead(of event: NewEvent) throws(SQLiteFailure) -> Head {
    guard let aggregate = try catalog.aggregate(type: event.aggregatorType, key: event.aggregatorID) else {
      return Head(aggregate: nil, storedVersion: 0, version: 0, routingKey: nil)
    }
    let latest = try connection.first(
      "SELECT version, lane FROM event WHERE aggregate = ?1 ORDER BY position DESC LIMIT 1", .integer(aggregate)
    ) { row in (version: Int(row.integer(0)), lane: row.integer(1)) }
    guard let latest else { return Head(aggregate: aggregate, storedVersion: 0, version: 0, routingKey: nil) }
    let routingKey = try catalog.names(ofLane: latest.lane).routingKey
    return Head(
      aggregate: aggregate, storedVersion: latest.version, version: latest.version, routingKey: routingKey)
  }
}
