internal import Evento

/// Assigns each event of one write its version and its routing key, which follow from its aggregate's latest event.
struct VersionCheck {
  let connection: Connection
  let symbols: SymbolTable
  let headCache: HeadCache
  let pending: InsertBuffer
  /// The aggregates of the write, each with the version and routing key of its latest event.
  private(set) var heads: [Head] = []
  /// The indexes of all aggregates except the last one, so that a write to one aggregate needs no dictionary.
  private var indexes: [AggregateKey: Int] = [:]
  /// The aggregate of the previous event, which is often the same.
  private var last: (key: AggregateKey, index: Int)?

  init(connection: Connection, symbols: SymbolTable, headCache: HeadCache, pending: InsertBuffer) {
    self.connection = connection
    self.symbols = symbols
    self.headCache = headCache
    self.pending = pending
  }

  /// The version and routing key of an accepted event.
  struct Admission {
    /// The index of its aggregate in ``VersionCheck/heads``.
    let head: Int
    let version: Int
    let routingKey: String?
  }

  struct Head {
    let key: AggregateKey
    /// `nil` for an aggregate that is not stored yet.
    var aggregate: Int64?
    fileprivate let storedVersion: Int
    /// The version after the events of this write.
    fileprivate(set) var version: Int
    fileprivate(set) var routingKey: String?

    fileprivate init(_ key: AggregateKey, _ stored: HeadCache.Head?) {
      self.key = key
      aggregate = stored?.aggregate
      storedVersion = stored?.version ?? 0
      version = storedVersion
      routingKey = stored?.routingKey
    }
  }

  /// - Throws: `invalid_original_version` if the event's version is not the next one of its aggregate, after the
  ///   earlier events of the same write; ``SQLiteFailure``.
  mutating func admit(_ event: NewEvent) throws -> Admission {
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
    return Admission(head: index, version: next, routingKey: heads[index].routingKey)
  }

  private mutating func index(of event: NewEvent) throws(SQLiteFailure) -> Int {
    let key = AggregateKey(type: event.aggregatorType, id: event.aggregatorID)
    if let last, last.key == key { return last.index }
    if let last { indexes[last.key] = last.index }
    let index = indexes[key] ?? heads.count
    if index == heads.count { heads.append(Head(key, try storedHead(of: event, key))) }
    last = (key, index)
    return index
  }

  /// Returns the stored head of an aggregate; `nil` if it is not stored yet.
  private func storedHead(of event: NewEvent, _ key: AggregateKey) throws(SQLiteFailure) -> HeadCache.Head? {
    if let known = headCache.head(of: key) { return known }
    guard let aggregate = try symbols.aggregate(type: event.aggregatorType, key: event.aggregatorID) else { return nil }
    if pending.hasEvents(ofAggregate: aggregate) { try pending.flush() }
    let latest = try connection.first(
      "SELECT version, lane FROM event WHERE aggregate = ?1 ORDER BY position DESC LIMIT 1", .integer(aggregate)
    ) { row in (version: Int(row.integer(0)), lane: row.integer(1)) }
    let head = HeadCache.Head(
      aggregate: aggregate, version: latest?.version ?? 0,
      routingKey: try latest.flatMap { (latest) throws(SQLiteFailure) in
        try symbols.names(ofLane: latest.lane).routingKey
      })
    headCache.keep(head, of: key)
    return head
  }
}
