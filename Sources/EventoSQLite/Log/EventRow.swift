internal import Evento
internal import EventoStorage

/// Reads rows of `event` as events.
enum EventRow {
  /// The columns that ``withView(_:at:_:_:)`` reads, in its order.
  static let columns =
    "\(names), metadata, CASE WHEN length(data) <= \(Statement.largestInRow) THEN data END, length(data)"
  /// The same, without payload and metadata, which may be on overflow pages: they are returned as empty.
  static let columnsWithoutContent = "\(names), NULL, NULL, 0"

  private static let names = "position, tag, id, aggregate, version, lane, timestamp, is_json"

  /// Passes the current row of a statement that selects ``columns`` to `body`.
  ///
  /// - Parameter position: The position of the event, as ``position(_:)`` returns it.
  static func withView<Value>(
    _ row: Statement, at position: LogPosition, _ symbols: SymbolTable, _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value {
    let names = try symbols.names(ofLane: row.integer(5))
    let key = try symbols.key(ofAggregate: row.integer(3))
    let metadata = row.bytes(8)
    try symbols.connection.spend(metadata.count + payloadLength(row))
    return try withData(of: row, at: position, on: symbols.connection) { data in
      position.withCursorText { cursor in
        noMetadata.withUTF8Buffer { noMetadata in
          body(
            EventView(
              cursor: cursor, id: row.ulid(2), aggregatorType: names.type, aggregatorID: key,
              version: Int(row.integer(4)), name: names.name, routingKey: names.routingKey, data: data,
              isJSON: isJSON(row),
              metadata: metadata.isEmpty ? UnsafeRawBufferPointer(noMetadata) : metadata,
              timestamp: Timestamp(milliseconds: row.integer(6))))
        }
      }
    }
  }

  /// Passes the payload to `body`. A large one is read only here, after its length was counted, so that a short read
  /// can stop before it.
  private static func withData<Value>(
    of row: Statement, at position: LogPosition, on connection: Connection, _ body: (UnsafeRawBufferPointer) -> Value
  ) throws(SQLiteFailure) -> Value {
    guard payloadLength(row) > Statement.largestInRow else { return body(row.bytes(9)) }
    let statement = try connection.statement("SELECT data FROM event WHERE position = ?1")
    defer { statement.reset() }
    try statement.bind(1, position.position)
    _ = try statement.step()
    return body(statement.bytes(0))
  }

  /// Returns the position of the current row of a statement that selects ``columns``.
  static func position(_ row: Statement) -> LogPosition {
    LogPosition(position: row.integer(0), commitID: row.integer(1))
  }

  /// Returns the length of the current row's payload, without reading it.
  static func payloadLength(_ row: Statement) -> Int { Int(row.integer(10)) }

  /// Returns whether the current row's payload is JSON.
  static func isJSON(_ row: Statement) -> Bool { row.integer(7) != 0 }

  private static let noMetadata: StaticString = "{}"

  /// Passes the event with an id to `body`; returns `nil` if there is none.
  static func withView<Value>(
    _ id: ULID, on connection: Connection, _ symbols: SymbolTable, _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value? {
    try connection.first("SELECT \(columns) FROM event WHERE id = ?1", .blob(id.blob)) {
      row throws(SQLiteFailure) in try withView(row, at: position(row), symbols, body)
    }
  }

  /// Returns the event with an id; `nil` if there is none.
  static func find(_ id: ULID, on connection: Connection, _ symbols: SymbolTable) throws(SQLiteFailure) -> Edge<Event>?
  {
    try withView(id, on: connection, symbols) { Edge($0) }
  }
}

extension ULID {
  /// The sixteen bytes stored in a row. They sort by time, so that an index on them grows at its end.
  var blob: [UInt8] { withBlob { Array($0) } }

  /// Like ``blob``, without an array.
  func withBlob<Value, Failure>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { (bytes) throws(Failure) in try body(bytes) }
  }
}

extension Statement {
  /// Returns an identifier that was stored as ``ULID/blob``.
  func ulid(_ column: Int32) -> ULID {
    let bytes = bytes(column)
    func half(_ start: Int) -> UInt64 {
      bytes.count < start + 8 ? 0 : UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
    }
    return ULID(high: half(0), low: half(8))
  }
}
