internal import Evento
internal import EventoStorage

/// Looks up what decides about a write, inside the writer's transaction.
struct WriterLookup: LogLookup {
  let connection: Connection
  let symbols: SymbolTable
  let headCache: HeadCache
  let insertBuffer: InsertBuffer
  /// A reader's check of the condition, if there was one.
  let precheck: ConditionPrecheck?

  func isStored(_ id: ULID) throws(SQLiteFailure) -> Bool {
    if insertBuffer.hasEvent(id) { try insertBuffer.flush() }
    // In the index alone.
    return try connection.integer("SELECT 1 FROM event WHERE id = ?1", .blob(id.blob)) != nil
  }

  /// Returns the result of the first write of an event. It reads no more stored bytes than the event has: a payload is
  /// read only if it is as long as the event's.
  func storedEvent(_ event: NewEvent, _ id: ULID) throws(SQLiteFailure) -> WrittenEvent? {
    // The length of a blob is in the row's header, so that a blob on overflow pages is not read for it
    // (https://sqlite.org/fileformat2.html#record_format).
    let lengths = "ifnull(length(metadata), 0), length(data)"
    let row = try connection.statement("SELECT \(EventRow.columnsWithoutContent), \(lengths) FROM event WHERE id = ?1")
    defer { row.reset() }
    try row.bind(1, id.blob)
    guard try row.step() else { return nil }
    let metadata = event.metadata.isEmpty ? [] : event.metadata.bytes
    guard row.integer(11) == Int64(metadata.count), row.integer(12) == Int64(event.data.bytes.count) else { return nil }
    guard EventRow.isErased(row) == event.isErased else { return nil }
    let position = EventRow.position(row)
    let written = try EventRow.withUncheckedView(row, at: position, symbols) { stored in
      event.agrees(with: stored) ? WrittenEvent(stored, cursor: position.cursor) : nil
    }
    guard let written else { return nil }
    let hasSameContent = try connection.first(
      "SELECT metadata, data FROM event WHERE position = ?1", .integer(position.position)
    ) { row in row.bytes(0).isExactly(metadata) && row.bytes(1).isExactly(event.data.bytes) }
    return hasSameContent == true ? written : nil
  }

  func head(of key: AggregateKey) throws(SQLiteFailure) -> AggregateHead? {
    if let known = headCache.head(of: key) { return known }
    guard let aggregate = try symbols.aggregate(type: key.type.text, key: key.id.text) else { return nil }
    if insertBuffer.hasEvents(ofAggregate: aggregate) { try insertBuffer.flush() }
    let latest = try connection.first(
      "SELECT version, lane FROM event WHERE aggregate = ?1 ORDER BY position DESC LIMIT 1", .integer(aggregate)
    ) { row in (version: Int(row.integer(0)), lane: row.integer(1)) }
    let head = AggregateHead(
      aggregate: aggregate, version: latest?.version ?? 0,
      routingKey: try latest.flatMap { (latest) throws(SQLiteFailure) in
        try symbols.names(ofLane: latest.lane).names.routingKey
      })
    headCache.keep(head, of: key)
    return head
  }

  func position(of cursor: Cursor) throws -> Int64 {
    try connection.position(of: cursor).position
  }

  func hasMatch(_ condition: WriteCondition, after position: Int64) throws(SQLiteFailure) -> Bool {
    var position = position
    if let precheck {
      if precheck.hasMatch { return true }
      position = max(position, precheck.position)
    }
    let check = ConditionCheck(connection: connection, symbols: symbols, condition: condition)
    return try check.hasMatch(after: position, end: try headCache.end(connection))
  }
}
