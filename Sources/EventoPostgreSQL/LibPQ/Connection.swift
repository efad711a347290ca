#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A connection to a PostgreSQL server, confined to one queue. Its functions block, so never call them on the
/// cooperative pool.
///
/// Every operation has a deadline. The server's time limits do not replace it: a host that hangs reports nothing, and
/// its kernel still answers. If it passes, the connection is closed, and the outcome of a commit is unknown.
final class Connection {
  let libpq: LibPQ
  let access: Access
  /// The user, the servers and the database, for a log.
  let name: String
  /// The server to which it is or was connected, as `host:port`.
  var server = ""
  /// The server's process for it.
  var backend = Backend(pid: 0, start: 0)
  /// The schema of the settings, which comes first in the `search_path`; `nil` for that of the server or the URL.
  let schema: String?
  /// The time for an operation unless it has one of its own.
  let timeout: Duration
  /// `nil` once it is closed.
  private(set) var handle: LibPQ.ConnectionHandle?
  /// The numbers of the statements that the server has prepared for this connection.
  var preparedStatements: Set<Int> = []
  private let warnings: WarningCollector
  /// Called if the server ends the connection or hangs.
  var whenLost: (_ hasHung: Bool) -> Void = { _ in }

  /// The use of a connection.
  enum Access {
    /// Read only: the server refuses everything else.
    case reading
    /// A warning of the server at a commit counts as an unknown outcome, see
    /// ``PostgreSQLFailure/Reason-swift.enum/warning``.
    case writing
  }

  /// Connects to the first server of the settings that accepts it.
  ///
  /// - Parameter timeout: The time for all servers together. That of the settings, unless set.
  /// - Throws: The most informative of the servers' failures, with the texts of all.
  init(
    _ settings: ConnectionSettings, for access: Access = .writing, within timeout: Duration? = nil
  ) throws(PostgreSQLFailure) {
    libpq = settings.libpq
    self.access = access
    name = settings.description
    schema = settings.schema
    self.timeout = settings.timeout
    warnings = WarningCollector(settings.libpq)
    try open(settings, deadline: .now + (timeout ?? settings.timeout))
  }

  deinit {
    close()
  }

  /// True if the connection is closed or lost.
  var isBroken: Bool {
    guard let handle else { return true }
    return libpq.status(handle) != LibPQ.ConnectionStatus.ok
  }

  func close() {
    guard let handle else { return }
    self.handle = nil
    libpq.finish(handle)
  }

  /// True if an explicit transaction was open at the end of the last ``pipeline(within:_:)``.
  var isInTransaction: Bool {
    guard let handle else { return false }
    return libpq.transactionStatus(handle) != LibPQ.TransactionStatus.idle
  }

  /// Undoes the open transaction, if there is one. If that fails, closes the connection, which undoes it too.
  func rollBack() {
    guard isInTransaction else { return }
    do throws(PostgreSQLFailure) {
      try run(.rollback)
    } catch {
      close()
    }
  }

  // MARK: Running statements

  /// Runs statements with as few waits for the server as possible: they are sent without a wait for the results of the
  /// ones before them (https://www.postgresql.org/docs/15/libpq-pipeline-mode.html).
  ///
  /// If it throws, an open transaction has been rolled back, or the connection closed.
  ///
  /// - Parameters:
  ///   - timeout: The time for all of it.
  ///   - body: Sends the statements. What it has not synced is synced at its end.
  func pipeline<T>(
    within timeout: Duration? = nil, _ body: (Pipeline) throws(PostgreSQLFailure) -> T
  ) throws(PostgreSQLFailure) -> T {
    let pipeline = try Pipeline(self, deadline: .now + (timeout ?? self.timeout))
    do throws(PostgreSQLFailure) {
      let value = try body(pipeline)
      try pipeline.finish()
      return value
    } catch {
      pipeline.abandon(after: error)
      throw error
    }
  }

  /// Runs one statement, which is a transaction of its own unless one is open.
  @discardableResult
  func run(
    _ statement: Statement, _ parameters: Parameters = [], within timeout: Duration? = nil
  ) throws(PostgreSQLFailure) -> QueryResult {
    let results = try pipeline(within: timeout) { (pipeline) throws(PostgreSQLFailure) in
      try pipeline.send(statement, parameters)
      return try pipeline.sync()
    }
    guard let result = results.last else {
      throw PostgreSQLFailure(
        .rejectedCall, message: "no result", action: statement.sql, mayHaveCommitted: true, isConnectionLost: false)
    }
    return result
  }

  // MARK: Notifications

  /// Waits for notifications of the channels on which this connection listens. Those that have arrived earlier, also
  /// during a statement, are returned first.
  ///
  /// - Parameters:
  ///   - timeout: The maximum time to wait.
  ///   - wakeup: Ends the wait.
  /// - Returns: The notifications; none if the time is over or the wait was ended.
  func waitForNotifications(within timeout: Duration, wakeup: Wakeup? = nil) throws(PostgreSQLFailure) -> [Notification]
  {
    let deadline = ContinuousClock.now + timeout
    while true {
      guard let handle else { throw closed(action: "wait for notifications") }
      // It does not wait, so that a call without time to wait receives too.
      guard libpq.consumeInput(handle) == 1 else {
        throw lost(action: "wait for notifications", mayHaveCommitted: false)
      }
      let notifications = takeNotifications(handle)
      if !notifications.isEmpty { return notifications }
      guard wait(handle, for: Int16(POLLIN), until: deadline, wakeup: wakeup) == .ready else { return [] }
    }
  }

  private func takeNotifications(_ handle: LibPQ.ConnectionHandle) -> [Notification] {
    var notifications: [Notification] = []
    while let address = libpq.notifies(handle) {
      notifications.append(Notification(address.assumingMemoryBound(to: Notification.Layout.self).pointee))
      libpq.freemem(address)
    }
    return notifications
  }

  // MARK: Waiting

  enum WaitOutcome {
    case ready
    case timedOut
    case wokenUp
  }

  /// Waits until the connection's socket is ready: https://man7.org/linux/man-pages/man2/poll.2.html
  ///
  /// - Parameter events: `POLLIN`, `POLLOUT` or both. The socket's end counts as ready too.
  func wait(
    _ handle: LibPQ.ConnectionHandle, for events: Int16, until deadline: ContinuousClock.Instant, wakeup: Wakeup? = nil
  ) -> WaitOutcome {
    // poll(2) ignores a negative descriptor.
    var descriptors = [
      pollfd(fd: libpq.socket(handle), events: events, revents: 0),
      pollfd(fd: wakeup?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      let rest = deadline - .now
      guard rest > .zero else { return .timedOut }
      // Rounded up, so that it does not return just before the deadline.
      let milliseconds = Int32(min(rest / .milliseconds(1), 1e6).rounded(.up))
      let count = poll(&descriptors, nfds_t(descriptors.count), milliseconds)
      if count > 0 { return descriptors[1].revents != 0 ? .wokenUp : .ready }
      // EINTR: again. Every other error shows in the next call of libpq.
      if count < 0, errno != EINTR { return .ready }
    }
  }

  // MARK: Failures

  /// Closes the connection, which has ended.
  func lost(action: String, mayHaveCommitted: Bool) -> PostgreSQLFailure {
    let message = handle.map { libpq.lastError(of: $0) } ?? "the connection is closed"
    whenLost(false)
    close()
    return PostgreSQLFailure(
      .connectionLost, message: message, action: action, mayHaveCommitted: mayHaveCommitted, isConnectionLost: true)
  }

  /// Closes the connection, since its server may still work on the operation.
  func timedOut(action: String, mayHaveCommitted: Bool) -> PostgreSQLFailure {
    whenLost(true)
    close()
    return PostgreSQLFailure(
      .timedOut, message: "no response within the time limit", action: action, mayHaveCommitted: mayHaveCommitted,
      isConnectionLost: true)
  }

  func closed(action: String) -> PostgreSQLFailure {
    PostgreSQLFailure(
      .connectionLost, message: "the connection is closed", action: action, mayHaveCommitted: false,
      isConnectionLost: true)
  }

  // MARK: Warnings

  /// Returns and forgets the first warning of the server since the last call, if it is one of a commit.
  func takeWarning() -> (sqlstate: SQLState?, message: String)? {
    defer { warnings.first = nil }
    return access == .writing ? warnings.first : nil
  }

  /// Takes over a connection that has been made.
  func adopt(_ handle: LibPQ.ConnectionHandle) {
    self.handle = handle
    // Before anything is received: the default receiver prints to the standard error.
    _ = libpq.setNoticeReceiver(handle, WarningCollector.receive, Unmanaged.passUnretained(warnings).toOpaque())
  }
}

extension Connection {
  /// A process of the server: https://www.postgresql.org/docs/15/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW
  struct Backend: Hashable {
    let pid: Int32
    /// The time at which it began, in microseconds since 1970. Numbers of processes are used again.
    let start: Int64

    /// Returns an expression for ``start``.
    ///
    /// - Parameter activity: An item of a `FROM` clause with the columns of `pg_stat_activity`.
    static func start(of activity: String) -> String {
      "(extract(epoch FROM \(activity).backend_start) * 1000000)::bigint"
    }
  }
}

/// A notification: https://www.postgresql.org/docs/15/sql-notify.html
struct Notification: Equatable {
  let channel: String
  let payload: String
  /// The process of the server that sent it.
  let backend: Int32

  /// `PGnotify`: Swift lays out these fields like C.
  fileprivate struct Layout {
    let channel: UnsafeMutablePointer<CChar>?
    let backend: Int32
    let payload: UnsafeMutablePointer<CChar>?
  }

  fileprivate init(_ layout: Layout) {
    channel = layout.channel.map { String(cString: $0) } ?? ""
    payload = layout.payload.map { String(cString: $0) } ?? ""
    backend = layout.backend
  }
}

/// Keeps the first warning of a connection: https://www.postgresql.org/docs/15/libpq-notice-processing.html
///
/// Confined to the connection's queue, on which libpq calls it.
private final class WarningCollector {
  private let libpq: LibPQ
  var first: (sqlstate: SQLState?, message: String)?

  init(_ libpq: LibPQ) {
    self.libpq = libpq
  }

  static let receive: @convention(c) (UnsafeMutableRawPointer?, LibPQ.ResultHandle?) -> Void = { context, notice in
    guard let context else { return }
    let collector = Unmanaged<WarningCollector>.fromOpaque(context).takeUnretainedValue()
    let libpq = collector.libpq
    guard collector.first == nil, libpq.text(LibPQ.ErrorField.severity, of: notice) == "WARNING" else { return }
    collector.first = (
      libpq.text(LibPQ.ErrorField.sqlstate, of: notice).map { SQLState(rawValue: $0) },
      libpq.text(LibPQ.ErrorField.message, of: notice) ?? "no message"
    )
  }
}
