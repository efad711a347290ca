internal import Dispatch
internal import Evento

/// Notices commits by other processes, and by other executors on the same file, while somebody waits for one.
///
/// SQLite tells nobody of another process's commit, but `PRAGMA data_version` says at the price of a look at shared
/// memory whether there has been one (https://sqlite.org/pragma.html#pragma_data_version). It is asked on a timer that
/// runs only while somebody waits.
///
/// `@unchecked Sendable`: everything but `signal` is touched on `queue` alone.
final class ForeignCommitPoller: @unchecked Sendable {
  /// Half of the hundred milliseconds within which a commit is to be noticed.
  private static let interval: DispatchTimeInterval = .milliseconds(50)

  let signal = CommitSignal()
  private let queue = DispatchQueue(label: "evento.sqlite.watch")
  /// `nil` for a database in memory, which has one connection and no other process.
  private let connection: Connection?
  private var isClosed = false
  private var timer: (any DispatchSourceTimer)?
  private var lastSeen: (version: Int64, end: Int64)?

  init(_ connection: Connection?) {
    self.connection = connection
    signal.whenAwaited { [weak self] in self?.start() }
  }

  /// Wakes all who wait, then closes the connection.
  func close() async {
    signal.finish()
    await withCheckedContinuation { continuation in
      queue.async { [self] in
        stop()
        isClosed = true
        connection?.close()
        continuation.resume()
      }
    }
  }

  deinit {
    signal.finish()
  }

  private func start() {
    queue.async { [self] in
      guard timer == nil, !isClosed else { return }
      let timer = DispatchSource.makeTimerSource(queue: queue)
      timer.schedule(deadline: .now() + Self.interval, repeating: Self.interval, leeway: .milliseconds(5))
      timer.setEventHandler { [weak self] in self?.tick() }
      timer.activate()
      self.timer = timer
    }
  }

  private func stop() {
    timer?.cancel()
    timer = nil
  }

  private func tick() {
    look()
    // Found to be awaited by nobody and stopped in one step with that: who comes now starts it again.
    if !signal.isStillAwaited() { stop() }
  }

  /// Advances the signal where the log has grown. One that grew through this executor's own writer, which has advanced
  /// it already, is noticed here too: that wakes those who wait once more than needed, twenty times a second at most.
  private func look() {
    guard let connection else { return }
    do throws(SQLiteFailure) {
      let version = try connection.integer("PRAGMA data_version") ?? 0
      guard version != lastSeen?.version else { return }
      let end = try connection.logEnd().position
      let isNew = lastSeen.map { $0.end != end } ?? true
      lastSeen = (version, end)
      if isNew { signal.advance() }
    } catch {
      // The store can't be looked at just now: whoever waits finds out why when it reads.
      signal.advance()
    }
  }
}
