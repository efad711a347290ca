internal import CSQLite

/// A prepared statement. Like the connection that made it, it is confined to one queue.
final class Statement {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  private let sql: String

  /// - Throws: An error if the text is not SQL that this schema supports.
  init(_ sql: String, in database: OpaquePointer) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    // Persistent: it is kept and run many times (https://sqlite.org/c3ref/prepare.html).
    let code = sqlite3_prepare_v3(database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle else { throw SQLiteFailure(database, code: code, action: sql) }
    self.handle = handle
    self.database = database
    self.sql = sql
  }

  deinit {
    sqlite3_finalize(handle)
  }

  // MARK: Parameters, counted from 1

  func bind(_ index: Int32, _ value: Int64) throws(SQLiteFailure) {
    try check(sqlite3_bind_int64(handle, index, value))
  }

  func bind(_ index: Int32, _ text: String) throws(SQLiteFailure) {
    // Not `sqlite3_bind_text` with a length of -1: that would end a text at a NUL.
    var text = text
    let code = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        // An empty buffer may have no address, and SQLite would take that for NULL.
        $0.isEmpty
          ? sqlite3_bind_text(handle, index, "", 0, evento_sqlite_transient())
          : sqlite3_bind_text(handle, index, $0.baseAddress, Int32($0.count), evento_sqlite_transient())
      }
    }
    try check(code)
  }

  func bind(_ index: Int32, _ bytes: [UInt8]) throws(SQLiteFailure) {
    let code = bytes.withUnsafeBytes {
      $0.isEmpty
        ? sqlite3_bind_zeroblob(handle, index, 0)
        : sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), evento_sqlite_transient())
    }
    try check(code)
  }

  /// Binds bytes without copying them. They must stay where they are until the statement is reset or bound again
  /// (https://sqlite.org/c3ref/bind_blob.html: `SQLITE_STATIC`).
  func bind(_ index: Int32, borrowing bytes: UnsafeRawBufferPointer) throws(SQLiteFailure) {
    try check(
      bytes.isEmpty
        ? sqlite3_bind_zeroblob(handle, index, 0)
        : sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), nil))
  }

  func bind(_ index: Int32, _ value: Parameter) throws(SQLiteFailure) {
    switch value {
    case .null: try check(sqlite3_bind_null(handle, index))
    case .integer(let value): try bind(index, value)
    case .text(let text): try bind(index, text)
    case .blob(let bytes): try bind(index, bytes)
    }
  }

  func bind(all values: [Parameter]) throws(SQLiteFailure) {
    for index in values.indices { try bind(Int32(index + 1), values[index]) }
  }

  // MARK: Running

  /// - Returns: True if there is a row.
  func step() throws(SQLiteFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw SQLiteFailure(database, code: code, action: sql)
    }
  }

  /// Resets the statement for another run, and releases its locks and bound values.
  func reset() {
    // It returns the error of the last step, which was thrown then.
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  // MARK: Columns of the current row, counted from 0

  func integer(_ column: Int32) -> Int64 {
    sqlite3_column_int64(handle, column)
  }

  func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  func isInteger(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_INTEGER
  }

  func text(_ column: Int32) -> String {
    // The bytes are read first: https://sqlite.org/c3ref/column_blob.html documents the order.
    guard let start = sqlite3_column_text(handle, column) else { return "" }
    let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
    return String(decoding: bytes, as: UTF8.self)
  }

  func blob(_ column: Int32) -> [UInt8] {
    Array(bytes(column))
  }

  /// Returns the bytes of a blob. They belong to SQLite, and are invalid after the next step or the reset.
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    guard let start = sqlite3_column_blob(handle, column) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  /// The maximum size of a payload that is read with the other columns of its row. A longer one is read by a separate
  /// statement when it is needed: SQLite reads all columns of a row at once, but for a length only the row's header
  /// (https://sqlite.org/fileformat2.html#record_format).
  static let largestInRow = 64 << 10

  /// Returns the number of times that an event occurred in all runs: https://sqlite.org/c3ref/c_stmtstatus_counter.html
  func count(of event: Int32) -> Int {
    Int(sqlite3_stmt_status(handle, event, 0))
  }

  private func check(_ code: Int32) throws(SQLiteFailure) {
    guard code == SQLITE_OK else { throw SQLiteFailure(database, code: code, action: sql) }
  }
}

/// A value bound to a statement.
enum Parameter {
  case null
  case integer(Int64)
  case text(String)
  case blob([UInt8])
}

/// The text of a statement, as a key to find it.
///
/// Hashed by its length, which few have in common: hashing the whole text takes longer than running some statements.
struct StatementText: Hashable {
  let sql: String

  func hash(into hasher: inout Hasher) {
    hasher.combine(sql.utf8.count)
  }
}
