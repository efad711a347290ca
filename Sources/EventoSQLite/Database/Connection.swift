internal import CSQLite

/// A connection to a database, confined to one queue: it is opened without SQLite's own locks
/// (https://sqlite.org/threadsafe.html, multi-thread mode), so never two threads at once.
final class Connection {
  private let handle: OpaquePointer
  private(set) var statements: [StatementText: Statement] = [:]
  private var isClosed = false

  /// More texts than the store has, so that each is prepared once; a bound all the same.
  private static let statementLimit = 128

  /// - Parameter path: of a file, which is made where there is none; or `:memory:`.
  init(path: String, busyTimeout: Duration) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &handle, flags, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = SQLiteFailure(handle, code: code, action: "open \(path)")
      // A connection that failed to open must be closed too: https://sqlite.org/c3ref/open.html
      sqlite3_close_v2(handle)
      throw failure
    }
    self.handle = handle
    sqlite3_busy_timeout(handle, Int32(clamping: Int64(min(busyTimeout / .milliseconds(1), 1e9))))
    #if canImport(Darwin)
      // Its fsync leaves the bytes in the drive's cache. Of checkpoints too, whichever connection makes them:
      // https://sqlite.org/pragma.html#pragma_fullfsync
      try execute("PRAGMA fullfsync = 1")
    #endif
  }

  /// A connection that can't change anything.
  convenience init(readingFrom path: String, busyTimeout: Duration) throws(SQLiteFailure) {
    try self.init(path: path, busyTimeout: busyTimeout)
    try execute("PRAGMA query_only = 1")
  }

  deinit {
    close()
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// The prepared statement of a text. It is kept; whoever takes it resets it when done.
  func statement(_ sql: String) throws(SQLiteFailure) -> Statement {
    let text = StatementText(sql: sql)
    if let statement = statements[text] { return statement }
    let statement = try Statement(sql, in: handle)
    if statements.count >= Self.statementLimit { statements.removeAll() }
    statements[text] = statement
    return statement
  }

  /// Runs statements, separated by semicolons, that are not kept.
  func execute(_ sql: String) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteFailure(handle, code: code, action: sql) }
  }

  /// Runs one statement for what it does.
  func run(_ sql: String, _ parameters: Parameter...) throws(SQLiteFailure) {
    let statement = try statement(sql)
    defer { statement.reset() }
    for (index, parameter) in parameters.enumerated() { try statement.bind(Int32(index + 1), parameter) }
    _ = try statement.step()
  }

  /// The first row of a query, read by `body`; `nil` where there is none.
  func first<T>(
    _ sql: String, _ parameters: Parameter..., body: (Statement) throws(SQLiteFailure) -> T
  ) throws(SQLiteFailure) -> T? {
    let statement = try statement(sql)
    defer { statement.reset() }
    for (index, parameter) in parameters.enumerated() { try statement.bind(Int32(index + 1), parameter) }
    return try statement.step() ? try body(statement) : nil
  }

  /// Every row of a query, read by `body`.
  func all<T>(
    _ sql: String, _ parameters: Parameter..., body: (Statement) throws(SQLiteFailure) -> T
  ) throws(SQLiteFailure) -> [T] {
    let statement = try statement(sql)
    defer { statement.reset() }
    for (index, parameter) in parameters.enumerated() { try statement.bind(Int32(index + 1), parameter) }
    var rows: [T] = []
    while try statement.step() { rows.append(try body(statement)) }
    return rows
  }

  /// The integer in the first column of the first row.
  func integer(_ sql: String, _ parameters: Parameter...) throws(SQLiteFailure) -> Int64? {
    let statement = try statement(sql)
    defer { statement.reset() }
    for (index, parameter) in parameters.enumerated() { try statement.bind(Int32(index + 1), parameter) }
    return try statement.step() ? statement.integer(0) : nil
  }

  /// Rows changed, added or removed by the last statement.
  var changes: Int { Int(sqlite3_changes64(handle)) }

  /// The identity that the last added row got.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// Whether a transaction is open. A failure of some kinds ends it by itself: https://sqlite.org/lang_transaction.html
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Undoes the open transaction, if there is one.
  func rollBack() {
    // Nothing is lost if this fails: the next BEGIN then fails too, and says so.
    if isInTransaction { try? execute("ROLLBACK") }
  }

  /// Runs `body` so that all its reads see the same state.
  func snapshot<T>(_ body: () throws -> T) throws -> T {
    try run("BEGIN")
    defer { rollBackOrEnd() }
    return try body()
  }

  private func rollBackOrEnd() {
    // A transaction that only read has nothing to keep.
    try? run("COMMIT")
    rollBack()
  }
}
