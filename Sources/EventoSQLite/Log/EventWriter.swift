internal import Evento
internal import EventoStorage

/// Writes events on one connection, inside the writer's transaction.
///
/// A write is checked completely before anything is changed: a refused one leaves no trace, so it needs no savepoint of
/// its own in the commit that it shares with others.
struct EventWriter {
  let connection: Connection
  let symbols: SymbolTable
  let headCache: HeadCache
  let insertBuffer: InsertBuffer
  let now: () -> Timestamp

  /// - Parameters:
  ///   - precheck: A reader's check of the condition, if there was one.
  ///   - commitID: The ID of the commit.
  /// - Throws: ``EventoError`` if the write is refused, with nothing changed; ``SQLiteFailure``.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, precheck: ConditionPrecheck? = nil, commitID: Int64
  ) throws -> WriteResult {
    if condition != nil { try insertBuffer.flush() }
    let lookup = WriterLookup(
      connection: connection, symbols: symbols, headCache: headCache, insertBuffer: insertBuffer, precheck: precheck)
    switch try WriteDecision.of(events, condition, lookup) {
    case .resend(let stored): return WriteResult(events: stored, isResend: true)
    case .accepted(let write): return try store(events, write, commitID: commitID)
    }
  }

  private func store(
    _ events: [NewEvent], _ write: AcceptedWrite, commitID: Int64
  ) throws(SQLiteFailure) -> WriteResult {
    var heads = write.heads
    var lastSymbols = LastSymbols(symbols)
    var position = try headCache.end(connection)
    let time = now().clamped
    var written: [WrittenEvent] = []
    written.reserveCapacity(events.count)
    for (index, assigned) in write.assignedVersions.enumerated() {
      position += 1
      let aggregate: Int64
      if let known = heads[assigned.head].aggregate {
        aggregate = known
      } else {
        aggregate = try symbols.addAggregate(type: events[index].aggregatorType, key: events[index].aggregatorID)
        heads[assigned.head].aggregate = aggregate
      }
      let (kind, lane) = try lastSymbols.add(events.span[index], routingKey: assigned.routingKey)
      let id = events[index].id ?? ULID()
      let timestamp = events[index].timestamp ?? time
      let log = LogPosition(position: position, commitID: commitID)
      try insertBuffer.append(
        NewEventRow(
          events.span[index], at: log, id: id, aggregate: aggregate, version: assigned.version, kind: kind.id,
          lane: lane, timestamp: timestamp))
      written.append(
        WrittenEvent(
          id: id, aggregatorType: events[index].aggregatorType, aggregatorID: events[index].aggregatorID,
          version: assigned.version, routingKey: assigned.routingKey, timestamp: timestamp,
          cursor: log.cursor))
    }
    headCache.setEnd(position)
    for head in heads {
      guard let aggregate = head.aggregate else { continue }
      headCache.keep(
        AggregateHead(aggregate: aggregate, version: head.version, routingKey: head.routingKey), of: head.key)
    }
    return WriteResult(events: written, isResend: false)
  }
}

/// The kinds and lanes of the events of one write, which seldom change from one to the next.
private struct LastSymbols {
  private let symbols: SymbolTable
  private var lastKind: (type: String, name: String, kind: SymbolTable.Kind)?
  private var lastLane: (kind: Int64, routingKey: String?, lane: SymbolTable.Lane)?

  init(_ symbols: SymbolTable) {
    self.symbols = symbols
  }

  mutating func add(
    _ event: NewEvent, routingKey: String?
  ) throws(SQLiteFailure) -> (kind: SymbolTable.Kind, lane: SymbolTable.Lane) {
    let (kind, isNew) = try kind(event.aggregatorType, event.name)
    if let lastLane, lastLane.kind == kind.id, lastLane.routingKey.isExactly(routingKey) {
      return (kind, lastLane.lane)
    }
    let lane = try symbols.addLane(
      kind: kind, isNewKind: isNew, type: event.aggregatorType, name: event.name, routingKey: routingKey)
    lastLane = (kind.id, routingKey, lane)
    return (kind, lane)
  }

  private mutating func kind(
    _ type: String, _ name: String
  ) throws(SQLiteFailure) -> (kind: SymbolTable.Kind, isNew: Bool) {
    if let lastKind, lastKind.name.isExactly(name), lastKind.type.isExactly(type) { return (lastKind.kind, false) }
    let added = try symbols.addKind(type: type, name: name)
    lastKind = (type, name, added.kind)
    return added
  }
}
