internal import Evento
internal import EventoStorage

/// Reads rows of `event` as events.
enum EventRow {
  /// The columns that ``withView(_:_:at:_:_:)`` reads, in its order. Instead of a large payload, the last one has its
  /// length.
  static let columns =
    "\(names), metadata, CASE WHEN length(data) > \(Statement.largestInRow) THEN length(data) ELSE data END"
  /// The same, without payload and metadata, which may be on overflow pages: they are returned as empty.
  static let columnsWithoutContent = "\(names), NULL, NULL"

  private static let names = "position, tag, id, aggregate, version, lane, timestamp, is_json"

  /// The payload of a row.
  enum StoredPayload {
    case inRow(UnsafeRawBufferPointer)
    /// A large one, which has not been read.
    case apart(length: Int)

    var length: Int {
      switch self {
      case .inRow(let bytes): bytes.count
      case .apart(let length): length
      }
    }
  }

  /// Returns the payload of the current row of a statement that selects ``columns``.
  static func payload(_ row: Statement) -> StoredPayload {
    row.isInteger(9) ? .apart(length: Int(row.integer(9))) : .inRow(row.bytes(9))
  }

  /// Passes the current row of a statement that selects ``columns`` to `body`.
  ///
  /// - Parameters:
  ///   - payload: The payload of the event, as ``payload(_:)`` returns it.
  ///   - position: The position of the event, as ``position(_:)`` returns it.
  static func withView<Value>(
    _ row: Statement, _ payload: StoredPayload, at position: LogPosition, _ symbols: SymbolTable,
    _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value {
    let names = try symbols.names(ofLane: row.integer(5))
    let key = try symbols.key(ofAggregate: row.integer(3))
    let metadata = row.bytes(8)
    try symbols.connection.spend(metadata.count + payload.length)
    return try withData(of: payload, at: position, on: symbols.connection) { data in
      withUnsafeTemporaryAllocation(byteCount: Cursor.maximumLength, alignment: 1) { cursor in
        let length = position.writeCursorText(to: cursor)
        return noMetadata.withUTF8Buffer { noMetadata in
          body(
            EventView(
              cursor: UnsafeRawBufferPointer(rebasing: cursor[..<length]), id: row.ulid(2), names: .shared(names),
              aggregatorID: key, version: Int(row.integer(4)), data: data, isJSON: isJSON(row),
              metadata: metadata.isEmpty ? UnsafeRawBufferPointer(noMetadata) : metadata,
              timestamp: Timestamp(milliseconds: row.integer(6))))
        }
      }
    }
  }

  /// Passes the bytes of a payload to `body`. A large one is read only here, after its length was counted, so that a
  /// short read can stop before it.
  private static func withData<Value>(
    of payload: StoredPayload, at position: LogPosition, on connection: Connection,
    _ body: (UnsafeRawBufferPointer) -> Value
  ) throws(SQLiteFailure) -> Value {
    if case .inRow(let data) = payload { return body(data) }
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

  /// Returns whether the current row's payload is JSON.
  static func isJSON(_ row: Statement) -> Bool { row.integer(7) != 0 }

  private static let noMetadata: StaticString = "{}"

  /// Passes the event with an id to `body`; returns `nil` if there is none.
  static func withView<Value>(
    _ id: ULID, on connection: Connection, _ symbols: SymbolTable, _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value? {
    try connection.first("SELECT \(columns) FROM event WHERE id = ?1", .blob(id.blob)) {
      row throws(SQLiteFailure) in try withView(row, payload(row), at: position(row), symbols, body)
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
