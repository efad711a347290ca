internal import DequeModule

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Statements that are sent without a wait for each other's results: see ``Connection/pipeline(within:_:)``.
///
/// Without `BEGIN`, all statements up to a sync are one transaction, which the sync commits. So a result that came before
/// the sync says nothing about the commit.
final class Pipeline {
  private let connection: Connection
  private let handle: LibPQ.ConnectionHandle
  private let deadline: ContinuousClock.Instant
  /// The responses that have not been received, in their order.
  private var expected: Deque<Response> = []
  private var needsSync = false
  /// True from the first `COMMIT`, or the first sync of a transaction without `BEGIN`, on. Until then, nothing can be
  /// committed.
  private var mayHaveCommitted = false

  private enum Response {
    case preparation(Statement)
    case result(Statement)
    case sync

    var action: String {
      switch self {
      case .preparation(let statement), .result(let statement): statement.sql
      case .sync: "the end of the statements"
      }
    }
  }

  fileprivate var libpq: LibPQ { connection.libpq }

  /// - Throws: Nothing is written.
  init(_ connection: Connection, deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
    guard let handle = connection.handle else { throw connection.closed(action: "run statements") }
    self.connection = connection
    self.handle = handle
    self.deadline = deadline
    _ = connection.takeWarning()
    // Outside of it, libpq handles what arrives while nothing is expected.
    guard libpq.enterPipelineMode(handle) == 1 else {
      throw connection.lost(action: "run statements", mayHaveCommitted: false)
    }
  }

  // MARK: Sending

  /// Sends a statement, and prepares it first if the connection has not.
  func send(_ statement: Statement, _ parameters: Parameters = []) throws(PostgreSQLFailure) {
    assert(parameters.match(statement.parameterTypes), "other parameters than those of: \(statement.sql)")
    let action = statement.sql
    guard !connection.isBroken else { throw connection.lost(action: action, mayHaveCommitted: mayHaveCommitted) }
    guard parameters.size <= Parameters.maximumSize else {
      // A sync would commit the statements before it.
      if needsSync { connection.close() }
      throw PostgreSQLFailure(
        .server, sqlstate: .programLimitExceeded, message: "the parameters have \(parameters.size) bytes",
        action: action, mayHaveCommitted: false, isConnectionLost: false)
    }
    let types = statement.parameterTypes.map(\.rawValue)
    if let name = statement.preparedName, connection.preparedStatements.insert(statement.number).inserted {
      try check(libpq.sendPrepare(handle, name, statement.sql, Int32(types.count), types), action)
      expected.append(.preparation(statement))
    }
    needsSync = true
    let isSent = parameters.withPointers { values, lengths, formats in
      if let name = statement.preparedName {
        libpq.sendQueryPrepared(handle, name, Int32(parameters.count), values, lengths, formats, 1)
      } else {
        libpq.sendQueryParams(handle, statement.sql, Int32(parameters.count), types, values, lengths, formats, 1)
      }
    }
    // Part of it may be with the server already.
    if statement.isCommit { mayHaveCommitted = true }
    try check(isSent, action)
    expected.append(.result(statement))
  }

  private func check(_ isSent: Int32, _ action: String) throws(PostgreSQLFailure) {
    guard isSent != 1 else { return }
    guard !connection.isBroken else { throw connection.lost(action: action, mayHaveCommitted: mayHaveCommitted) }
    // The statements before it can't be undone one by one.
    let message = libpq.lastError(of: handle)
    connection.close()
    throw PostgreSQLFailure(
      .rejectedCall, message: message, action: action, mayHaveCommitted: mayHaveCommitted, isConnectionLost: true)
  }

  // MARK: Receiving

  /// Waits for the results of all statements sent since the last call, in a transaction that has a `BEGIN`, and leaves it
  /// open.
  ///
  /// A flush would do too, but only after a sync does the server take the transaction for idle, and end it if this
  /// program hangs with its locks
  /// (https://www.postgresql.org/docs/15/runtime-config-client.html#GUC-IDLE-IN-TRANSACTION-SESSION-TIMEOUT).
  func syncInTransaction() throws(PostgreSQLFailure) -> [QueryResult] {
    guard connection.handle != nil else { throw connection.closed(action: "run statements") }
    try sendSync()
    return try receive()
  }

  /// Waits until all statements have ended, and returns the results of those sent since the last call of this function
  /// or ``syncInTransaction()``. Commits their transaction if it has no `BEGIN`.
  ///
  /// - Throws: The first failure. A ``PostgreSQLFailure/Reason-swift.enum/warning`` if all succeeded, but the server
  ///   has stopped waiting for a standby.
  @discardableResult
  func sync() throws(PostgreSQLFailure) -> [QueryResult] {
    guard connection.handle != nil else { throw connection.closed(action: "run statements") }
    mayHaveCommitted = true
    try sendSync()
    let results = try receive()
    if let warning = connection.takeWarning() {
      throw PostgreSQLFailure(
        .warning, sqlstate: warning.sqlstate, message: warning.message, action: "commit", mayHaveCommitted: true,
        isConnectionLost: false)
    }
    return results
  }

  private func sendSync() throws(PostgreSQLFailure) {
    needsSync = false
    try check(libpq.pipelineSync(handle), "send a sync")
    expected.append(.sync)
  }

  private func receive() throws(PostgreSQLFailure) -> [QueryResult] {
    var results: [QueryResult] = []
    while let response = expected.first {
      switch response {
      case .sync: try receiveSync()
      case .preparation: _ = try receiveResult(response)
      case .result: results.append(try receiveResult(response))
      }
      expected.removeFirst()
    }
    return results
  }

  private func receiveResult(_ response: Response) throws(PostgreSQLFailure) -> QueryResult {
    var last: QueryResult?
    // A null pointer ends the results of a statement.
    while let result = try next(response.action) {
      switch libpq.resultStatus(result) {
      case LibPQ.ResultStatus.rowsOK, LibPQ.ResultStatus.commandOK: last = QueryResult(result, libpq)
      case LibPQ.ResultStatus.fatalError: throw failure(result, response.action)
      default: throw unexpected(result, response.action)
      }
    }
    guard let last else { throw unexpected(nil, response.action) }
    return last
  }

  private func receiveSync() throws(PostgreSQLFailure) {
    let action = Response.sync.action
    guard let result = try next(action) else { throw unexpected(nil, action) }
    switch libpq.resultStatus(result) {
    case LibPQ.ResultStatus.pipelineSync: libpq.clear(result)
    // The commit failed.
    case LibPQ.ResultStatus.fatalError: throw failure(result, action)
    default: throw unexpected(result, action)
    }
  }

  private func failure(_ result: LibPQ.ResultHandle, _ action: String) -> PostgreSQLFailure {
    defer { libpq.clear(result) }
    let failure = PostgreSQLFailure(result, libpq, action: action, mayHaveCommitted: mayHaveCommitted)
    if failure.isConnectionLost { connection.close() }
    return failure
  }

  /// Closes the connection, since its responses are not the expected ones.
  private func unexpected(_ result: LibPQ.ResultHandle?, _ action: String) -> PostgreSQLFailure {
    let message = "unexpected result with status \(libpq.resultStatus(result))"
    libpq.clear(result)
    connection.close()
    return PostgreSQLFailure(
      .connectionLost, message: message, action: action, mayHaveCommitted: mayHaveCommitted, isConnectionLost: true)
  }

  /// Returns the next result, or `nil` at the end of a statement's results.
  private func next(_ action: String) throws(PostgreSQLFailure) -> LibPQ.ResultHandle? {
    try waitForResult(action, until: deadline)
    return libpq.getResult(handle)
  }

  /// Sends and receives until the next result is complete.
  ///
  /// It receives while it sends: the server does not read on while its responses are not read
  /// (https://www.postgresql.org/docs/15/libpq-async.html#LIBPQ-PQFLUSH).
  private func waitForResult(_ action: String, until deadline: ContinuousClock.Instant) throws(PostgreSQLFailure) {
    var isLost = false
    while true {
      // If it fails, the server may have sent an error before the connection ended, which is read below.
      let isUnsent = libpq.flush(handle) == 1
      if libpq.isBusy(handle) == 0 { return }
      guard !isLost else { throw connection.lost(action: action, mayHaveCommitted: mayHaveCommitted) }
      let events = isUnsent ? POLLIN | POLLOUT : POLLIN
      guard connection.wait(handle, for: Int16(events), until: deadline) == .ready else {
        throw connection.timedOut(action: action, mayHaveCommitted: mayHaveCommitted)
      }
      // It returns at once if there is nothing to read.
      isLost = libpq.consumeInput(handle) != 1
    }
  }

  // MARK: Ending

  /// Syncs what is not synced, and leaves the pipeline.
  func finish() throws(PostgreSQLFailure) {
    if needsSync { try sync() }
    leave()
  }

  private func leave() {
    // It fails only if there are responses that were not received.
    if connection.handle != nil, libpq.exitPipelineMode(handle) != 1 { connection.close() }
  }

  /// Makes the connection usable again after a failure, or closes it.
  func abandon(after failure: PostgreSQLFailure) {
    guard connection.handle != nil else { return }
    guard !failure.isConnectionLost else { return connection.close() }
    do throws(PostgreSQLFailure) {
      // What was prepared after the failing statement was not prepared.
      for case .preparation(let statement) in expected { connection.preparedStatements.remove(statement.number) }
      // The server skips everything up to the sync.
      if needsSync { try sendSync() }
      try skipToSync()
      leave()
      connection.rollBack()
    } catch {
      connection.close()
    }
  }

  private func skipToSync() throws(PostgreSQLFailure) {
    guard expected.contains(where: { if case .sync = $0 { true } else { false } }) else { return }
    let deadline = max(deadline, .now + .seconds(1))
    // Two results for each response at most: itself, and the null pointer at its end.
    for _ in 0...2 * expected.count {
      try waitForResult("skip statements", until: deadline)
      guard let result = libpq.getResult(handle) else { continue }
      let status = libpq.resultStatus(result)
      libpq.clear(result)
      if status == LibPQ.ResultStatus.pipelineSync { return }
    }
    throw connection.lost(action: "skip statements", mayHaveCommitted: false)
  }
}
