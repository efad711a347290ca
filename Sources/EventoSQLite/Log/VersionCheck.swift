internal import Evento

/// Gives each event of one write its version and its routing key, from what its aggregate's latest event says.
struct VersionCheck {
  let connection: Connection
  let catalog: Catalog
  let memory: LogMemory
  let pending: PendingRows
  /// The aggregates of the write, each with what its latest event says, and where each of them is.
  private(set) var heads: [Head] = []
  /// Those but for the last one, so that a write to one aggregate needs none.
  private var places: [AggregateKey: Int] = [:]
  /// That of the event before, which is as often as not one of the same aggregate.
  private var last: (key: AggregateKey, place: Int)?

  init(connection: Connection, catalog: Catalog, memory: LogMemory, pending: PendingRows) {
    self.connection = connection
    self.catalog = catalog
    self.memory = memory
    self.pending = pending
  }

  /// What is known of an event that may be written.
  struct Admission {
    /// Which of the ``VersionCheck/heads`` is that of its aggregate.
    let head: Int
    let version: Int
    let routingKey: String?
  }

  struct Head {
    let key: AggregateKey
    /// `nil` for an aggregate that is not stored yet.
    var aggregate: Int64?
    fileprivate let storedVersion: Int
    /// After the events of this write.
    fileprivate(set) var version: Int
    fileprivate(set) var routingKey: String?

    fileprivate init(_ key: AggregateKey, _ stored: LogMemory.Head?) {
      self.key = key
      aggregate = stored?.aggregate
      storedVersion = stored?.version ?? 0
      version = storedVersion
      routingKey = stored?.routingKey
    }
  }

  /// - Throws: `invalid_original_version` where the event's version is not the next one of its aggregate, earlier
  ///   events of the same write included; ``SQLiteFailure``.
  mutating func admit(_ event: NewEvent) throws -> Admission {
    let place = try place(of: event)
    let next = heads[place].version + 1
    if let given = event.version, given != next {
      throw EventoError.versionConflict(on: event, given: given, current: heads[place].storedVersion, next: next)
    }
    guard next <= Event.maximumVersion else {
      throw EventoError(
        .invalidRequest,
        "\(event.aggregatorType) \"\(event.aggregatorID)\" has reached version \(Event.maximumVersion), the last one. Continue "
          + "with a new aggregate.")
    }
    heads[place].version = next
    if case .value(let routingKey) = event.routingKey { heads[place].routingKey = routingKey }
    return Admission(head: place, version: next, routingKey: heads[place].routingKey)
  }

  private mutating func place(of event: NewEvent) throws(SQLiteFailure) -> Int {
    let key = AggregateKey(event)
    if let last, last.key == key { return last.place }
    if let last { places[last.key] = last.place }
    let place = places[key] ?? heads.count
    if place == heads.count { heads.append(Head(key, try storedHead(of: event, key))) }
    last = (key, place)
    return place
  }

  /// `nil` for an aggregate that is not stored yet.
  private func storedHead(of event: NewEvent, _ key: AggregateKey) throws(SQLiteFailure) -> LogMemory.Head? {
    if let known = memory.head(of: key) { return known }
    guard let aggregate = try catalog.aggregate(type: event.aggregatorType, key: event.aggregatorID) else { return nil }
    if pending.hasEvents(ofAggregate: aggregate) { try pending.flush() }
    let latest = try connection.first(
      "SELECT version, lane FROM event WHERE aggregate = ?1 ORDER BY position DESC LIMIT 1", .integer(aggregate)
    ) { row in (version: Int(row.integer(0)), lane: row.integer(1)) }
    let head = LogMemory.Head(
      aggregate: aggregate, version: latest?.version ?? 0,
      routingKey: try latest.flatMap { (latest) throws(SQLiteFailure) in
        try catalog.names(ofLane: latest.lane).routingKey
      })
    memory.keep(head, of: key)
    return head
  }
}
