internal import Evento
internal import EventoStorage

// The statements that store a batch.
//
// The first one changes the row of the store if no other gateway has committed since, and then adds the batch's rows and
// notifies. The others add the rows of new symbols, which are rare, if the first one has changed the store. So a batch
// takes one round trip and nearly always one statement, and the lock is held for no longer.
extension WriteBatch {
  /// Calls `send` with each statement of a transaction, in their order. The first result has one row if the store was
  /// updated, and none if another gateway has committed, so that nothing is stored.
  ///
  /// - Parameter channel: The channel on which other gateways hear of the commit.
  func send(
    notifying channel: String, _ send: (Statement, Parameters) throws(PostgreSQLFailure) -> Void
  ) throws(PostgreSQLFailure) {
    let statement =
      rows.isEmpty ? Self.storeStatement : newAggregates.isEmpty ? Self.eventStatement : Self.aggregateStatement
    try send(statement, parameters(notifying: channel))
    if !newTexts.isEmpty {
      var parameters: Parameters = [.int8(store.end.commitID)]
      parameters.array(of: .int4, newTexts) { $0.int4(Int32(clamping: $1.id)) }
      parameters.array(of: .text, newTexts) { $0.text($1.value.text) }
      try send(Self.textStatement, parameters)
    }
    if !newKinds.isEmpty {
      var parameters: Parameters = [.int8(store.end.commitID)]
      parameters.array(of: .int4, newKinds) { $0.int4(Int32(clamping: $1.kind.id)) }
      parameters.array(of: .int4, newKinds) { $0.int4(Int32(clamping: $1.kind.type)) }
      parameters.array(of: .int4, newKinds) { $0.int4(Int32(clamping: $1.name)) }
      parameters.array(of: .bool, newKinds) { $0.bool($1.kind.isLate) }
      try send(Self.kindStatement, parameters)
    }
    if !newLanes.isEmpty {
      var parameters: Parameters = [.int8(store.end.commitID)]
      parameters.array(of: .int4, newLanes) { $0.int4(Int32(clamping: $1.lane.id)) }
      parameters.array(of: .int4, newLanes) { $0.int4(Int32(clamping: $1.lane.routingKey)) }
      parameters.array(of: .int4, newLanes) { $0.int4(Int32(clamping: $1.kind)) }
      parameters.array(of: .bool, newLanes) { $0.bool($1.lane.isLate) }
      try send(Self.laneStatement, parameters)
    }
  }

  private func parameters(notifying channel: String) -> Parameters {
    let bytes = rows.reduce(256) { $0 + $1.data.bytes.count + $1.metadata.bytes.count + 200 }
    var parameters = Parameters(reservingCapacity: bytes + newAggregates.count * 64)
    parameters.int8(base.end.position)
    parameters.int8(base.end.commitID)
    parameters.int8(base.term)
    parameters.int8(store.end.position)
    parameters.int8(store.end.commitID)
    parameters.int8(store.texts)
    parameters.int8(store.kinds)
    parameters.int8(store.lanes)
    parameters.int8(store.aggregates)
    guard !rows.isEmpty else { return parameters }
    parameters.text(channel)
    parameters.text(store.end.payload)
    parameters.array(of: .int8, rows) { $0.int8($1.aggregate) }
    parameters.array(of: .int4, rows) { $0.int4(Int32(clamping: $1.version)) }
    parameters.array(of: .int8, rows) { $0.int8($1.timestamp.milliseconds) }
    parameters.array(of: .uuid, rows) { $0.uuid($1.id) }
    parameters.array(of: .int4, rows) { $0.int4(Int32(clamping: $1.kind.type)) }
    parameters.array(of: .int4, rows) { $0.int4(Int32(clamping: $1.kind.id)) }
    parameters.array(of: .int4, rows) { $0.int4(Int32(clamping: $1.lane.id)) }
    parameters.array(of: .int4, rows) { $0.int4(Int32(clamping: $1.lane.routingKey)) }
    parameters.array(of: .bool, rows) { $0.bool($1.kind.isLate) }
    parameters.array(of: .bool, rows) { $0.bool($1.lane.isLate) }
    parameters.array(of: .bool, rows) { array, row in
      if row.isErased { array.null() } else { array.bool(row.data.isJSON) }
    }
    parameters.array(of: .text, rows) { $0.text($1.aggregateKey) }
    parameters.array(of: .bytea, rows) { array, row in
      if row.metadata.isEmpty { array.null() } else { array.bytes(row.metadata.bytes) }
    }
    parameters.array(of: .bytea, rows) { $0.bytes($1.data.bytes) }
    parameters.array(of: .int4, rows) { $0.int4($1.checksum) }
    guard !newAggregates.isEmpty else { return parameters }
    parameters.array(of: .int8, newAggregates) { $0.int8($1.id) }
    parameters.array(of: .int4, newAggregates) { $0.int4(Int32(clamping: $1.type)) }
    parameters.array(of: .text, newAggregates) { $0.text($1.key.text) }
    return parameters
  }

  private static let storeUpdate = """
    UPDATE store
    SET position = $4, commit_id = $5, texts = $6, kinds = $7, lanes = $8, aggregates = $9
    WHERE position = $1 AND commit_id = $2 AND term = $3
    RETURNING true
    """
  private static let storeTypes: [ValueType] = Array(repeating: .int8, count: 9)

  /// Inserts a batch's events, if the store was updated.
  private static let eventInsertion = """
    INSERT INTO event (
      position, commit_id, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, is_late_lane,
      is_json, aggregate_key, metadata, data, checksum
    )
    SELECT $1 + number, $5, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind,
      is_late_lane, is_json, aggregate_key, metadata, data, checksum
    FROM unnest($12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) WITH ORDINALITY AS row (
      aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, is_late_lane, is_json,
      aggregate_key, metadata, data, checksum, number
    )
    WHERE (SELECT true FROM updated)
    """
  private static let eventTypes: [ValueType] =
    storeTypes + [
      .text, .text, .int8Array, .int4Array, .int8Array, .uuidArray, .int4Array, .int4Array, .int4Array, .int4Array,
      .boolArray, .boolArray, .boolArray, .textArray, .byteaArray, .byteaArray, .int4Array,
    ]

  /// Sent to other connections when the transaction commits: https://www.postgresql.org/docs/15/sql-notify.html
  private static let notification = "SELECT pg_notify($10, $11) FROM updated"

  /// The statement of a batch that adds nothing, but must be committed.
  private static let storeStatement = Statement(storeUpdate, storeTypes)

  private static let eventStatement = Statement(
    "WITH updated AS (\(storeUpdate)), events AS (\(eventInsertion)) \(notification)", eventTypes)

  private static let aggregateStatement = Statement(
    """
    WITH updated AS (\(storeUpdate)), events AS (\(eventInsertion)), aggregates AS (
      INSERT INTO aggregate (id, type, key) SELECT * FROM unnest($27, $28, $29) WHERE (SELECT true FROM updated)
    )
    \(notification)
    """, eventTypes + [.int8Array, .int4Array, .textArray])

  /// True if the first statement has updated the store.
  private static let isUpdated = "(SELECT commit_id FROM store) = $1"

  private static let textStatement = Statement(
    "INSERT INTO text (id, value) SELECT * FROM unnest($2, $3) WHERE \(isUpdated)", .int8, .int4Array, .textArray)

  private static let kindStatement = Statement(
    "INSERT INTO kind (id, type, name, is_late) SELECT * FROM unnest($2, $3, $4, $5) WHERE \(isUpdated)",
    .int8, .int4Array, .int4Array, .int4Array, .boolArray)

  private static let laneStatement = Statement(
    "INSERT INTO lane (id, routing_key, kind, is_late) SELECT * FROM unnest($2, $3, $4, $5) WHERE \(isUpdated)",
    .int8, .int4Array, .int4Array, .int4Array, .boolArray)
}
