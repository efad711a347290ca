internal import CSQLite

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A connection to a database, confined to one queue: it is opened without SQLite's own locks
/// (https://sqlite.org/threadsafe.html, multi-thread mode), so never two threads at once.
final class Connection {
  private let handle: OpaquePointer
  private(set) var statements: [StatementText: Statement] = [:]
  private var isClosed = false
  private var progressHandler: ProgressHandler?
  /// Replaces SQLite's own wait during cancellable work.
  private var cancellableWait: CancellableWait?
  /// The allowance of the current read; `nil` if it has none. See ``limitReads()``.
  private(set) var allowance: ReadAllowance?
  /// The hook's target, which must exist for as long as SQLite may call the hook.
  private var logPages: LogPages?
  /// True if the sync of a checkpoint has failed, and the log was not made to be moved from its start again since.
  var mustRepeatCheckpoints = false
  /// The time for which a statement waits for another connection's lock: https://sqlite.org/c3ref/busy_timeout.html
  var busyTimeout: Duration {
    didSet { applyBusyTimeout() }
  }

  /// More than the number of statements that the store uses, so that each is prepared once.
  private static let statementLimit = 128

  /// The access of a connection to the file.
  enum Access {
    /// Read only: it does not even move an existing log into the database.
    case reading
    /// Like ``reading``, on a read-only file system without a log and without room for shared memory.
    case readingImmutable
    case writing
    /// Read and write, and create the file if it does not exist.
    case making

    fileprivate var flags: Int32 {
      switch self {
      case .reading: SQLITE_OPEN_READONLY
      case .readingImmutable: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
      case .writing: SQLITE_OPEN_READWRITE
      case .making: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      }
    }

    fileprivate func name(_ path: String) -> String {
      switch self {
      case .reading, .writing: DatabasePath.forSQLite(path)
      case .readingImmutable: DatabasePath.immutableURI(path)
      case .making: path == ":memory:" ? path : DatabasePath.forSQLite(path)
      }
    }
  }

  /// - Parameter path: The path of a file, or `:memory:` for a database in memory.
  init(path: String, busyTimeout: Duration, for access: Access = .making) throws(SQLiteFailure) {
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(
      access.name(path), &handle, access.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let handle else {
      let failure = SQLiteFailure(handle, code: code, action: "open \(path)")
      // A connection that failed to open must be closed too: https://sqlite.org/c3ref/open.html
      sqlite3_close_v2(handle)
      throw failure
    }
    self.handle = handle
    self.busyTimeout = busyTimeout
    applyBusyTimeout()
    #if canImport(Darwin)
      // macOS's fsync leaves the bytes in the drive's cache. This covers checkpoints too, whichever connection makes
      // them: https://sqlite.org/pragma.html#pragma_fullfsync
      try execute("PRAGMA fullfsync = 1")
    #endif
  }

  /// Creates a read-only connection.
  ///
  /// - Parameter memoryMapBytes: See ``SQLiteConfiguration/memoryMapBytes``.
  convenience init(
    readingFrom path: String, busyTimeout: Duration, memoryMapBytes: Int64 = 0
  ) throws(SQLiteFailure) {
    try self.init(path: path, busyTimeout: busyTimeout, for: .writing)
    try execute("PRAGMA query_only = 1")
    // Always set: a build of SQLite can have another default.
    try execute("PRAGMA mmap_size = \(max(memoryMapBytes, 0))")
  }

  deinit {
    close()
  }

  private func applyBusyTimeout() {
    guard let cancellableWait else {
      sqlite3_busy_timeout(handle, Int32(clamping: Int64(min(busyTimeout / .milliseconds(1), 1e9))))
      return
    }
    cancellableWait.timeout = busyTimeout
    sqlite3_busy_handler(
      handle,
      { context, tries in
        guard let context else { return 0 }
        return Unmanaged<CancellableWait>.fromOpaque(context).takeUnretainedValue().goesOn(tries) ? 1 : 0
      }, Unmanaged.passUnretained(cancellableWait).toOpaque())
  }

  /// Keeps the files unchanged when the connection is closed. Otherwise, the last connection moves the log into the
  /// database: https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfignockptonclose
  func keepLogWhenClosed() {
    evento_sqlite_keep_log(handle)
  }

  func installLogHook(_ pages: LogPages) {
    logPages = pages
    sqlite3_wal_hook(handle, LogPages.hook, Unmanaged.passUnretained(pages).toOpaque())
  }

  /// - Returns: SQLite's result code.
  func runCheckpoint(_ mode: Int32, _ pages: inout Int32, _ moved: inout Int32) -> Int32 {
    sqlite3_wal_checkpoint_v2(handle, "main", mode, &pages, &moved)
  }

  /// The open database file; `nil` for a database in memory: https://sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
  var databaseFile: UnsafeMutablePointer<sqlite3_file>? {
    var file: UnsafeMutablePointer<sqlite3_file>?
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file)
    return file
  }

  /// Makes the length of the write-ahead log's file durable. A checkpoint that truncates it does not:
  /// https://sqlite.org/c3ref/io_methods.html
  func syncLog() throws(SQLiteFailure) {
    var file: UnsafeMutablePointer<sqlite3_file>?
    sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file)
    guard let file, let sync = file.pointee.pMethods?.pointee.xSync else { return }
    let code = sync(file, SQLITE_SYNC_FULL)
    guard code == SQLITE_OK else { throw failure(code, action: "sync the write-ahead log") }
  }

  func failure(_ code: Int32, action: String) -> SQLiteFailure {
    SQLiteFailure(handle, code: code, action: action)
  }

  /// The path of the database file, with links resolved; `nil` for a database in memory.
  var path: String? {
    guard let name = sqlite3_db_filename(handle, "main"), name.pointee != 0 else { return nil }
    return String(cString: name)
  }

  func close() {
    guard !isClosed else { return }
    isClosed = true
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Returns the prepared statement for a text, which is cached. The caller resets it after use.
  func statement(_ sql: String) throws(SQLiteFailure) -> Statement {
    try spend(ReadAllowance.statementCost)
    let text = StatementText(sql: sql)
    if let statement = statements[text] { return statement }
    let statement = try Statement(sql, in: handle)
    if statements.count >= Self.statementLimit { statements.removeAll() }
    statements[text] = statement
    return statement
  }

  /// Runs statements, separated by semicolons, without caching them.
  func execute(_ sql: String) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw SQLiteFailure(handle, code: code, action: sql) }
  }

  /// Runs one statement that returns nothing.
  func run(_ sql: String, _ parameters: Parameter...) throws(SQLiteFailure) {
    try query(sql, parameters) { (statement) throws(SQLiteFailure) in _ = try statement.step() }
  }

  /// Returns the first row of a query, read by `body`; `nil` if there is none.
  func first<T>(
    _ sql: String, _ parameters: Parameter..., body: (Statement) throws(SQLiteFailure) -> T
  ) throws(SQLiteFailure) -> T? {
    try query(sql, parameters) { (row) throws(SQLiteFailure) in try row.step() ? try body(row) : nil }
  }

  /// Returns every row of a query, read by `body`.
  func all<T>(
    _ sql: String, _ parameters: Parameter..., body: (Statement) throws(SQLiteFailure) -> T
  ) throws(SQLiteFailure) -> [T] {
    try query(sql, parameters) { (row) throws(SQLiteFailure) in
      var rows: [T] = []
      while try row.step() { rows.append(try body(row)) }
      return rows
    }
  }

  /// Returns the integer in the first column of the first row.
  func integer(_ sql: String, _ parameters: Parameter...) throws(SQLiteFailure) -> Int64? {
    try query(sql, parameters) { (row) throws(SQLiteFailure) in try row.step() ? row.integer(0) : nil }
  }

  private func query<T>(
    _ sql: String, _ parameters: [Parameter], _ body: (Statement) throws(SQLiteFailure) -> T
  ) throws(SQLiteFailure) -> T {
    let statement = try statement(sql)
    defer { statement.reset() }
    try statement.bind(all: parameters)
    return try body(statement)
  }

  /// The number of rows that the last statement changed, added or removed.
  var changes: Int { Int(sqlite3_changes64(handle)) }

  /// The number of rows changed, added or removed since the connection was opened.
  var totalChanges: Int { Int(sqlite3_total_changes64(handle)) }

  /// The rowid of the last added row.
  var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

  /// True if a transaction is open. Some errors end it: https://sqlite.org/lang_transaction.html
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Undoes the open transaction, if there is one.
  func rollBack() {
    // Nothing is lost if this fails: the next BEGIN then fails too, and reports it.
    if isInTransaction { try? execute("ROLLBACK") }
  }

  /// Runs `body` in a read transaction, or in the open transaction, so that all its reads see the same state.
  func snapshot<T>(_ body: () throws -> T) throws -> T {
    guard !isInTransaction else { return try body() }
    try beginSnapshot()
    defer { endSnapshot() }
    return try body()
  }

  /// Starts a transaction in which all reads see the state at the first one.
  func beginSnapshot() throws(SQLiteFailure) {
    try run("BEGIN")
  }

  /// Ends the open read transaction, if there is one.
  func endSnapshot() {
    guard isInTransaction else { return }
    try? run("COMMIT")
    rollBack()
  }

  /// Replaces the whole content by another database's, in one transaction, which the first step starts and the end
  /// commits: https://sqlite.org/c3ref/backup_finish.html
  func replaceContent(by source: Connection, _ work: CancellableWork) throws(SQLiteFailure) {
    let action = "copy a database"
    guard let backup = sqlite3_backup_init(handle, "main", source.handle, "main") else {
      throw SQLiteFailure(handle, code: sqlite3_extended_errcode(handle), action: action)
    }
    var step = SQLITE_OK
    while step == SQLITE_OK, !work.isCancelled {
      step = sqlite3_backup_step(backup, Self.pagesAStep)
      let count = sqlite3_backup_pagecount(backup)
      work.show(count > 0 ? Double(count - sqlite3_backup_remaining(backup)) / Double(count) : 1)
    }
    let code = sqlite3_backup_finish(backup)
    guard code == SQLITE_OK else { throw SQLiteFailure(handle, code: code, action: action) }
    // Finishing takes a lock that a step could not get for a transient reason, and does not return it.
    guard step == SQLITE_DONE else {
      throw SQLiteFailure(nil, code: step == SQLITE_OK ? SQLITE_INTERRUPT : step, action: action)
    }
  }

  private static let pagesAStep: Int32 = 2048

  /// Returns a number that ``replaceContent(by:_:)`` always changes, whatever the two databases hold: the copy gets the
  /// schema version of the replaced content plus 1 (`sqlite3_backup_step` in https://sqlite.org/src/file/src/backup.c).
  func contentVersion() throws(SQLiteFailure) -> Int64 {
    try integer("PRAGMA schema_version") ?? 0
  }

  /// Makes statements end with `SQLITE_INTERRUPT` once the work is cancelled, or with `SQLITE_BUSY` while they wait for
  /// another connection, and calls `look` from time to time while one runs:
  /// https://sqlite.org/c3ref/progress_handler.html
  func setWork(_ work: CancellableWork?, look: @escaping () -> Void = {}) {
    setProgressHandler(
      every: Self.operationsALook,
      work.map { work in
        {
          look()
          return work.isCancelled
        }
      })
    let previous = cancellableWait
    cancellableWait = work.map { CancellableWait($0) }
    // This also removes the address of the previous one.
    applyBusyTimeout()
    withExtendedLifetime(previous) {}
  }

  /// Copying a row takes about four operations, and it may have megabytes.
  private static let operationsALook: Int32 = 100

  /// Makes a read fail with `SQLITE_INTERRUPT` once its allowance is spent, which ``allowance`` distinguishes from
  /// other errors. Nothing is counted before the first renewal.
  func limitReads() {
    let allowance = ReadAllowance()
    self.allowance = allowance
    setProgressHandler(every: ReadAllowance.operationsAtOnce) { !allowance.spendOperations() }
  }

  /// Counts bytes of content that a read has visited, or work of the same cost.
  func spend(_ cost: Int) throws(SQLiteFailure) {
    guard allowance?.spend(cost) == false else { return }
    throw SQLiteFailure(code: SQLITE_INTERRUPT, message: "it takes longer than a short read may", action: "read")
  }

  private func setProgressHandler(every operations: Int32, _ mustStop: (() -> Bool)?) {
    // Must exist for as long as SQLite has its address.
    let handler = mustStop.map { ProgressHandler($0) }
    sqlite3_progress_handler(
      handle, handler == nil ? 0 : operations,
      { context in
        guard let context else { return 0 }
        return Unmanaged<ProgressHandler>.fromOpaque(context).takeUnretainedValue().mustStop() ? 1 : 0
      }, handler.map { Unmanaged.passUnretained($0).toOpaque() })
    progressHandler = handler
  }

  private final class ProgressHandler {
    let mustStop: () -> Bool

    init(_ mustStop: @escaping () -> Bool) { self.mustStop = mustStop }
  }

  /// Waits for another connection's lock like `sqlite3_busy_timeout`, but can be cancelled.
  private final class CancellableWait {
    var timeout: Duration = .zero
    private let work: CancellableWork
    private var end = ContinuousClock.now

    init(_ work: CancellableWork) { self.work = work }

    /// Waits briefly.
    ///
    /// - Parameter tries: The number of earlier calls for the same lock.
    /// - Returns: False if the time is over or the work is cancelled.
    func goesOn(_ tries: Int32) -> Bool {
      let now = ContinuousClock.now
      if tries == 0 { end = now + timeout }
      guard !work.isCancelled, now < end else { return false }
      // On the connection's own queue, which may block: SQLite's handler waits by returning late.
      usleep(UInt32(min(tries + 1, 20)) * 1000)
      return true
    }
  }
}
