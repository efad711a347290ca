internal import Dispatch
internal import Evento
internal import EventoStorage
internal import Synchronization

/// Hears of the commits of other gateways.
///
/// Each commit sends a notification (https://www.postgresql.org/docs/15/sql-notify.html). One that is sent while this
/// connection is broken is lost, and poolers in transaction mode deliver none. So the end of the log is also read after
/// each connection, and once a second. If that finds commits without notifications, it is read more often.
///
/// `@unchecked Sendable`: `lacksNotifications` and `failures` are used only on `queue`.
final class CommitListener: @unchecked Sendable {
  private let queue = DispatchQueue(label: "evento.postgresql.listener")
  private let settings: ConnectionSettings
  private let channel: String
  private let announcer: CommitAnnouncer
  private let connections: ConnectionPool
  private let notify: @Sendable (StoreNotice) -> Void
  private let wakeup: Wakeup
  private let isClosed = Atomic(false)
  /// True if notifications don't arrive.
  private var lacksNotifications = false
  private var failures = 0

  private static let interval: Duration = .seconds(1)
  private static let intervalWithoutNotifications: Duration = .milliseconds(50)

  init(
    _ settings: ConnectionSettings, channel: String, announcer: CommitAnnouncer,
    connections: ConnectionPool, notify: @escaping @Sendable (StoreNotice) -> Void
  ) throws(EventoError) {
    self.settings = settings
    self.channel = channel
    self.announcer = announcer
    self.connections = connections
    self.notify = notify
    wakeup = try Wakeup()
  }

  func start() {
    queue.async { [self] in listen() }
  }

  /// Wakes all waiting callers, and closes the connection.
  func close() async {
    isClosed.store(true, ordering: .relaxed)
    announcer.signal.finish()
    wakeup.wake()
    // The connection ends with the function that runs on the queue.
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }

  /// Listens on one connection until it is lost.
  private func listen() {
    do throws(PostgreSQLFailure) {
      let connection = try Connection(settings, for: .reading)
      defer { connection.close() }
      try connection.run(.once("LISTEN \(channel)"))
      try compareHistory(connection)
      if failures > 0 {
        connections.renew()
        announcer.beginEpoch()
        notify(StoreNotice(level: .recovery, message: "PostgreSQL reports commits again.", cause: nil))
      }
      failures = 0
      while !isClosed.load(ordering: .relaxed) {
        let notifications = try connection.waitForNotifications(
          within: lacksNotifications ? Self.intervalWithoutNotifications : Self.interval, wakeup: wakeup)
        if notifications.isEmpty {
          if announcer.announce(readEnd: try end(connection)) { lacksNotifications = true }
        } else {
          lacksNotifications = false
          let positions = notifications.compactMap { LogPosition(payload: $0.payload) }
          for position in positions { announcer.announce(position) }
        }
      }
    } catch {
      guard !isClosed.load(ordering: .relaxed) else { return }
      announcer.beginEpoch()
      failures += 1
      // Followers only wait, and report no error.
      if failures == 1 {
        notify(StoreNotice(level: .failure, message: error.error.detail, cause: error.error.cause))
      }
      queue.async(after: Backoff.reconnection.delay(beforeRetry: failures)) { [self] in
        if !isClosed.load(ordering: .relaxed) { listen() }
      }
    }
  }

  /// Announces the end of the log after a new connection: a server that took over may have been behind and have lost
  /// commits, and others may have come since.
  private func compareHistory(_ connection: Connection) throws(PostgreSQLFailure) {
    let last = announcer.end
    let result = try Self.row(try connection.run(Self.historyStatement, [.int8(last.position)]))
    let commitID = last.position == 0 ? result.integer(0, 2) : result.isNull(0, 3) ? nil : result.integer(0, 3)
    if commitID != last.commitID {
      notify(
        StoreNotice(
          level: .failure,
          message:
            "PostgreSQL has lost commits: position \(last.position) of the log is another event now, or missing. Readers "
            + "with a cursor of the lost history get cursor_not_in_history. Use synchronous replication to prevent this.",
          cause: nil))
    }
    announcer.announce(readEnd: LogPosition(position: result.integer(0, 0), commitID: result.integer(0, 1)))
  }

  private func end(_ connection: Connection) throws(PostgreSQLFailure) -> LogPosition {
    let result = try Self.row(try connection.run(Self.endStatement))
    return LogPosition(position: result.integer(0, 0), commitID: result.integer(0, 1))
  }

  private static func row(_ result: QueryResult) throws(PostgreSQLFailure) -> QueryResult {
    guard result.rowCount == 1 else { throw StoreRow.missing(result.rowCount) }
    return result
  }

  private static let endStatement = Statement("SELECT position, commit_id FROM store")

  private static let historyStatement = Statement(
    "SELECT position, commit_id, origin, (SELECT commit_id FROM event WHERE event.position = $1) FROM store", .int8)
}

extension LogPosition {
  /// The text of a notification.
  var payload: String { "\(position) \(commitID)" }

  /// - Returns: `nil` if the text is not of a notification of this program.
  init?(payload: String) {
    let numbers = payload.split(separator: " ").map { Int64($0) }
    guard numbers.count == 2, let position = numbers[0], let commitID = numbers[1] else { return nil }
    self.init(position: position, commitID: commitID)
  }
}
