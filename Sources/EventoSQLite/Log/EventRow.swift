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
    try symbols.connection.spend(row.bytes(8).count + payload.length)
    if case .inRow(let data) = payload { return try withView(row, data, at: position, symbols, body) }
    // A large one is read only here, after its length was counted, so that a short read can stop before it.
    let large = try symbols.connection.statement("SELECT data FROM event WHERE position = ?1")
    defer { large.reset() }
    try large.bind(1, position.position)
    _ = try large.step()
    return try withView(row, large.bytes(0), at: position, symbols, body)
  }

  private static func withView<Value>(
    _ row: Statement, _ data: UnsafeRawBufferPointer, at position: LogPosition, _ symbols: SymbolTable,
    _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value {
    var cursor: CursorText = (0, 0, 0, 0)
    let length = withUnsafeMutableBytes(of: &cursor) { position.writeCursorText(to: $0) }
    return try withUnsafeBytes(of: &cursor) { (cursor) throws(SQLiteFailure) in
      let metadata = row.bytes(8)
      // The view takes over what is looked up here. If this closure captured it, each event would retain it once more.
      return body(
        EventView(
          cursor: UnsafeRawBufferPointer(rebasing: cursor[..<length]), id: row.ulid(2),
          names: try symbols.names(ofLane: row.integer(5)), aggregatorID: try symbols.key(ofAggregate: row.integer(3)),
          version: Int(row.integer(4)), data: data, isJSON: isJSON(row),
          metadata: metadata.isEmpty ? noMetadata : metadata,
          timestamp: Timestamp(milliseconds: row.integer(6)), isErased: isErased(row)))
    }
  }

  /// Room for the text of a cursor, which has 26 characters.
  private typealias CursorText = (UInt64, UInt64, UInt64, UInt64)

  /// Returns the position of the current row of a statement that selects ``columns``.
  static func position(_ row: Statement) -> LogPosition {
    LogPosition(position: row.integer(0), commitID: row.integer(1))
  }

  /// Returns whether the current row's payload is JSON.
  static func isJSON(_ row: Statement) -> Bool { row.integer(7) == EventContent.json.rawValue }

  /// Returns whether the content of the current row was erased.
  static func isErased(_ row: Statement) -> Bool { row.integer(7) == EventContent.erased.rawValue }

  private static var noMetadata: UnsafeRawBufferPointer {
    let text: StaticString = "{}"
    return UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

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

/// The kinds of content of an event's row: the values of its column `is_json`.
enum EventContent: Int64 {
  /// A payload that is not JSON.
  case bytes = 0
  case json = 1
  /// Nothing: the payload is empty, and there is no metadata.
  case erased = 2
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
