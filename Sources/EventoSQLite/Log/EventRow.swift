internal import Evento
internal import EventoStorage

/// Reads rows of `event` as events.
enum EventRow {
  /// The columns that ``withView(_:_:at:_:_:)`` reads, in its order. Instead of a large payload, there is its length. The
  /// checksum comes after the payload in the row, so that of a large one is read with it.
  static let columns = """
    \(names), metadata, CASE WHEN length(data) > \(Statement.largestInRow) THEN length(data) ELSE data END,
    CASE WHEN length(data) > \(Statement.largestInRow) THEN NULL ELSE checksum END
    """
  /// The same, without payload and metadata, which may be on overflow pages, and without checksum: for
  /// ``withUncheckedView(_:at:_:_:)``.
  static let columnsWithoutContent = "\(names), NULL, NULL, NULL"

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
    guard row.isInteger(9) else { return .inRow(row.bytes(9)) }
    let length = row.integer(9)
    // A number in place of the payload is damage, which the checksum shows.
    guard (Int64(Statement.largestInRow)...Int64(Int32.max)).contains(length) else { return .inRow(noBytes) }
    return .apart(length: Int(length))
  }

  private static var noBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

  /// Passes the payload of the current row of a statement that selects ``columns`` to `body`, with the stored checksum.
  ///
  /// - Parameter payload: The payload of the event, as ``payload(_:)`` returns it.
  static func withPayload<Value>(
    _ row: Statement, _ payload: StoredPayload, on connection: Connection,
    _ body: (UnsafeRawBufferPointer, _ checksum: Int64) throws(SQLiteFailure) -> Value
  ) throws(SQLiteFailure) -> Value {
    try connection.spend(row.bytes(8).count + payload.length)
    if case .inRow(let data) = payload { return try body(data, row.integer(10)) }
    // A large one is read only here, after its length was counted, so that a short read can stop before it.
    let large = try connection.statement("SELECT data, checksum FROM event WHERE position = ?1")
    defer { large.reset() }
    try large.bind(1, row.integer(0))
    _ = try large.step()
    return try body(large.bytes(0), large.integer(1))
  }

  /// Passes the current row of a statement that selects ``columns`` to `body`, if it has its checksum.
  ///
  /// - Parameters:
  ///   - payload: The payload of the event, as ``payload(_:)`` returns it.
  ///   - position: The position of the event, as ``position(_:)`` returns it.
  static func withView<Value>(
    _ row: Statement, _ payload: StoredPayload, at position: LogPosition, _ symbols: SymbolTable,
    _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value {
    try withPayload(row, payload, on: symbols.connection) { (data, checksum) throws(SQLiteFailure) in
      let values: EventValues
      do throws(SQLiteFailure) {
        values = try EventValues(row, at: position, symbols)
      } catch {
        throw error.isDamage ? SQLiteFailure(.event(position)) : error
      }
      guard values.checksum(data) == checksum else { throw SQLiteFailure(.event(position)) }
      return values.withView(data, body)
    }
  }

  /// Passes the current row of a statement that selects ``columnsWithoutContent`` to `body`.
  static func withUncheckedView<Value>(
    _ row: Statement, at position: LogPosition, _ symbols: SymbolTable, _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value {
    try EventValues(row, at: position, symbols).withView(noBytes, body)
  }

  /// Returns the position of the current row of a statement that selects ``columns``.
  static func position(_ row: Statement) -> LogPosition {
    LogPosition(position: row.integer(0), commitID: row.integer(1))
  }

  /// Returns whether the current row's payload is JSON.
  static func isJSON(_ row: Statement) -> Bool { row.integer(7) == EventContent.json.rawValue }

  /// Returns whether the content of the current row was erased.
  static func isErased(_ row: Statement) -> Bool { row.integer(7) == EventContent.erased.rawValue }

  /// Passes the event with an id to `body`; returns `nil` if there is none.
  static func withView<Value>(
    _ id: ULID, on connection: Connection, _ symbols: SymbolTable, _ body: (borrowing EventView) -> Value
  ) throws(SQLiteFailure) -> Value? {
    try connection.first("SELECT \(columns) FROM event WHERE id = ?1", .blob(id.blob)) {
      row throws(SQLiteFailure) in
      guard row.ulid(2) == id else { throw SQLiteFailure(.index) }
      return try withView(row, payload(row), at: position(row), symbols, body)
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
