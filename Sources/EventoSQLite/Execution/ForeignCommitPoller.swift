internal import Dispatch
internal import Evento
internal import Synchronization

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
  /// The end of the log that this executor's writer has announced last, or ``announcing``.
  private let announcedEnd: Atomic<Int64>
  /// From before a commit of the writer until it has advanced the signal.
  private static let announcing = Int64.max
  private let queue = DispatchQueue(label: "evento.sqlite.watch")
  /// `nil` for a database in memory, which has one connection and no other process.
  private let connection: Connection?
  private var isClosed = false
  private var timer: (any DispatchSourceTimer)?
  private var lastSeen: (version: Int64, end: Int64)?

  /// - Parameter end: the position of the last event of the log.
  init(_ connection: Connection?, end: Int64) {
    self.connection = connection
    announcedEnd = Atomic(end)
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

  // MARK: Commits by this executor's writer

  /// Leaves it to the writer to advance the signal for what it is about to commit. ``endAnnouncement(at:)`` has to follow.
  ///
  /// - Returns: the end of the log that was announced last.
  func beginAnnouncement() -> Int64 {
    announcedEnd.exchange(Self.announcing, ordering: .sequentiallyConsistent)
  }

  /// - Parameter end: the end of the log that is announced by now: the one before, if the commit has failed.
  func endAnnouncement(at end: Int64) {
    announcedEnd.store(end, ordering: .sequentiallyConsistent)
  }

  // MARK: Commits by others

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

  /// Advances the signal if the log has grown by more than the writer has announced.
  private func look() {
    guard let connection else { return }
    do throws(SQLiteFailure) {
      let version = try connection.integer("PRAGMA data_version") ?? 0
      guard version != lastSeen?.version else { return }
      let end = try connection.logEnd().position
      // After the look at the log, so that a commit of the writer that was seen there is announced, or just about to be.
      // Then this looks again at the next tick.
      let announced = announcedEnd.load(ordering: .sequentiallyConsistent)
      guard announced != Self.announcing else { return }
      let isNew = end != announced && end != lastSeen?.end
      lastSeen = (version, end)
      if isNew { signal.advance() }
    } catch {
      // The store can't be looked at just now: whoever waits finds out why when it reads.
      signal.advance()
    }
  }
}
