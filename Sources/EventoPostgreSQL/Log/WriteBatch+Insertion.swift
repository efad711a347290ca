internal import Evento
internal import EventoStorage

// The statements that store a batch.
//
// Each is conditional on the row of the store, which the first one changes if no other gateway has committed since: the
// others then add their rows, or nothing. So a batch takes one round trip, and the lock is held for no longer.
extension WriteBatch {
  /// Calls `send` with each statement of a transaction, in their order. The first result has the number of rows that
  /// were updated: 0 if another gateway has committed, and nothing is stored.
  ///
  /// - Parameter channel: The channel on which other gateways hear of the commit.
  func send(
    notifying channel: String, _ send: (Statement, Parameters) throws(PostgreSQLFailure) -> Void
  ) throws(PostgreSQLFailure) {
    try send(
      Self.storeStatement,
      [
        .int8(base.end.position), .int8(base.end.commitID), .int8(store.end.position), .int8(store.end.commitID),
        .int8(store.texts), .int8(store.kinds), .int8(store.lanes), .int8(store.aggregates), .int8(base.term),
      ])
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
    if !newAggregates.isEmpty {
      var parameters: Parameters = [.int8(store.end.commitID)]
      parameters.array(of: .int8, newAggregates) { $0.int8($1.id) }
      parameters.array(of: .int4, newAggregates) { $0.int4(Int32(clamping: $1.type)) }
      parameters.array(of: .text, newAggregates) { $0.text($1.key.text) }
      try send(Self.aggregateStatement, parameters)
    }
    guard !rows.isEmpty else { return }
    try send(Self.eventStatement, eventParameters)
    try send(
      Self.notifyStatement,
      [.int8(store.end.commitID), .text(channel), .text(store.end.payload)])
  }

  private var eventParameters: Parameters {
    let bytes = rows.reduce(0) { $0 + $1.data.bytes.count + $1.metadata.bytes.count + 200 }
    var parameters = Parameters(reservingCapacity: bytes)
    parameters.int8(store.end.commitID)
    parameters.int8(base.end.position)
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
    parameters.array(of: .bool, rows) { $0.bool($1.data.isJSON) }
    parameters.array(of: .text, rows) { $0.text($1.aggregateKey) }
    parameters.array(of: .bytea, rows) { array, row in
      if row.metadata.isEmpty { array.null() } else { array.bytes(row.metadata.bytes) }
    }
    parameters.array(of: .bytea, rows) { $0.bytes($1.data.bytes) }
    return parameters
  }

  private static let storeStatement = Statement(
    """
    UPDATE store
    SET position = $3, commit_id = $4, texts = $5, kinds = $6, lanes = $7, aggregates = $8
    WHERE position = $1 AND commit_id = $2 AND term = $9
    """, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int8, .int8)

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

  private static let aggregateStatement = Statement(
    "INSERT INTO aggregate (id, type, key) SELECT * FROM unnest($2, $3, $4) WHERE \(isUpdated)",
    .int8, .int8Array, .int4Array, .textArray)

  private static let eventStatement = Statement(
    """
    INSERT INTO event (
      position, commit_id, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, is_late_lane,
      is_json, aggregate_key, metadata, data
    )
    SELECT $2 + number, $1, aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind,
      is_late_lane, is_json, aggregate_key, metadata, data
    FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) WITH ORDINALITY AS row (
      aggregate, version, timestamp, id, type, kind, lane, routing_key, is_late_kind, is_late_lane, is_json,
      aggregate_key, metadata, data, number
    )
    WHERE \(isUpdated)
    """, .int8, .int8, .int8Array, .int4Array, .int8Array, .uuidArray, .int4Array, .int4Array, .int4Array, .int4Array,
    .boolArray, .boolArray, .boolArray, .textArray, .byteaArray, .byteaArray)

  /// Sent to other connections when the transaction commits: https://www.postgresql.org/docs/15/sql-notify.html
  private static let notifyStatement = Statement(
    "SELECT pg_notify($2, $3) WHERE \(isUpdated)", .int8, .text, .text)
}
