internal import Evento

/// Writes events on one connection, inside the writer's transaction.
///
/// A write is checked in full before anything is changed: one that is refused leaves no trace, so that it needs no
/// savepoint of its own among the others of its commit.
struct EventWriter {
  let connection: Connection
  let catalog: Catalog
  let memory: LogMemory
  let pending: PendingRows
  let now: () -> Timestamp

  /// - Parameters:
  ///   - precheck: a reader's check of the condition, if there was one.
  ///   - tag: that of the commit.
  /// - Throws: ``EventoError`` where the write is refused, with nothing changed; ``SQLiteFailure``.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, precheck: ConditionPrecheck? = nil, tag: Int64
  ) throws -> WriteResult {
    let blame: EventoError?
    if condition != nil { try pending.flush() }
    switch try ResendCheck(connection: connection, catalog: catalog, pending: pending).outcome(of: events) {
    case .resend(let stored): return WriteResult(events: stored, isResend: true)
    case .new: blame = nil
    case .duplicate(let error): blame = error
    }
    // A cursor of another history is found out before what the write itself would be refused for.
    let place = try condition?.after.map { try connection.place(of: $0).position } ?? 0
    if let blame { throw blame }

    var versions = VersionCheck(connection: connection, catalog: catalog, memory: memory, pending: pending)
    var numbered: [VersionCheck.Admission] = []
    numbered.reserveCapacity(events.count)
    // Looked at where they lie, here and below: a copy of an event counts each of its members up, and down again.
    for index in events.indices { numbered.append(try versions.admit(events.span[index])) }
    if let condition { try check(condition, after: place, precheck) }
    return try store(events, numbered, versions.heads, tag: tag)
  }

  private func check(_ condition: WriteCondition, after place: Int64, _ precheck: ConditionPrecheck?) throws {
    var place = place
    if let precheck {
      if precheck.hasMatch { throw EventoError.conditionFailed() }
      place = max(place, precheck.position)
    }
    let check = ConditionCheck(connection: connection, catalog: catalog, condition: condition)
    if try check.hasMatch(after: place, end: try memory.end(connection)) { throw EventoError.conditionFailed() }
  }

  private func store(
    _ events: [NewEvent], _ admissions: [VersionCheck.Admission], _ heads: [VersionCheck.Head], tag: Int64
  ) throws(SQLiteFailure) -> WriteResult {
    var heads = heads
    var names = EventNames(catalog)
    var position = try memory.end(connection)
    let time = now().clamped
    var written: [WrittenEvent] = []
    written.reserveCapacity(events.count)
    for (index, admission) in admissions.enumerated() {
      position += 1
      let aggregate: Int64
      if let known = heads[admission.head].aggregate {
        aggregate = known
      } else {
        aggregate = try catalog.addAggregate(type: events[index].aggregatorType, key: events[index].aggregatorID)
        heads[admission.head].aggregate = aggregate
      }
      let (kind, lane) = try names.add(events.span[index], routingKey: admission.routingKey)
      let id = events[index].id ?? ULID()
      let timestamp = events[index].timestamp ?? time
      try pending.append(
        NewEventRow(
          position: position, tag: tag, id: id, aggregate: aggregate, version: admission.version, kind: kind.id,
          lane: lane, timestamp: timestamp, data: events[index].data, metadata: events[index].metadata))
      written.append(
        WrittenEvent(
          id: id, aggregatorType: events[index].aggregatorType, aggregatorID: events[index].aggregatorID,
          version: admission.version, routingKey: admission.routingKey, timestamp: timestamp,
          cursor: LogPosition(position: position, tag: tag).cursor))
    }
    memory.setEnd(position)
    for head in heads {
      guard let aggregate = head.aggregate else { continue }
      memory.keep(
        LogMemory.Head(aggregate: aggregate, version: head.version, routingKey: head.routingKey), of: head.key)
    }
    return WriteResult(events: written, isResend: false)
  }
}

/// The kinds and lanes of the events of one write, which seldom change from one to the next.
private struct EventNames {
  private let catalog: Catalog
  private var lastKind: (type: String, name: String, kind: Catalog.Kind)?
  private var lastLane: (kind: Int64, routingKey: String?, lane: Catalog.Lane)?

  init(_ catalog: Catalog) {
    self.catalog = catalog
  }

  mutating func add(
    _ event: NewEvent, routingKey: String?
  ) throws(SQLiteFailure) -> (kind: Catalog.Kind, lane: Catalog.Lane) {
    let (kind, isNew) = try kind(event.aggregatorType, event.name)
    if let lastLane, lastLane.kind == kind.id, lastLane.routingKey.isExactly(routingKey) {
      return (kind, lastLane.lane)
    }
    let lane = try catalog.addLane(kind: kind, isNewKind: isNew, routingKey: routingKey)
    lastLane = (kind.id, routingKey, lane)
    return (kind, lane)
  }

  private mutating func kind(
    _ type: String, _ name: String
  ) throws(SQLiteFailure) -> (kind: Catalog.Kind, isNew: Bool) {
    if let lastKind, lastKind.name.isExactly(name), lastKind.type.isExactly(type) { return (lastKind.kind, false) }
    let added = try catalog.addKind(type: type, name: name)
    lastKind = (type, name, added.kind)
    return added
  }
}

/// An aggregate's type and id, compared by bytes.
struct AggregateKey: Hashable {
  let type: ExactText
  let id: ExactText

  init(_ event: NewEvent) {
    type = ExactText(event.aggregatorType)
    id = ExactText(event.aggregatorID)
  }
}
