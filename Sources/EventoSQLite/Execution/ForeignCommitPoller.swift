internal import Dispatch
internal import Evento
internal import EventoStorage
internal import Synchronization

/// Detects commits by other processes, and by other executors on the same file, while a caller waits for one.
///
/// SQLite does not report commits of other processes, but `PRAGMA data_version` shows whether there was one, for the
/// cost of reading shared memory (https://sqlite.org/pragma.html#pragma_data_version). It is read on a timer that runs
/// only while a caller waits.
///
/// `@unchecked Sendable`: everything except `signal` and `announcedEnd` is used only on `queue`.
final class ForeignCommitPoller: @unchecked Sendable {
  /// Half of the hundred milliseconds within which a commit must be detected.
  private static let interval: DispatchTimeInterval = .milliseconds(50)

  let signal = CommitSignal()
  /// The end of the log that this executor's writer announced last, or ``announcing``.
  private let announcedEnd: Atomic<Int64>
  /// The value of ``announcedEnd`` from before a commit of the writer until the signal has advanced.
  private static let announcing = Int64.max
  private let queue = DispatchQueue(label: "evento.sqlite.watch")
  /// `nil` for a database in memory, which has one connection and no other process.
  private let connection: Connection?
  private var isClosed = false
  private var timer: (any DispatchSourceTimer)?
  private var lastSeen: (version: Int64, end: Int64)?

  /// - Parameter end: The position of the last event of the log.
  init(_ connection: Connection?, end: Int64) {
    self.connection = connection
    announcedEnd = Atomic(end)
    signal.whenAwaited { [weak self] in self?.start() }
  }

  /// Wakes all waiting callers, then closes the connection.
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

  /// Leaves it to the writer to advance the signal for its next commit. ``endAnnouncement(at:)`` must follow.
  ///
  /// - Returns: The end of the log that was announced last.
  func beginAnnouncement() -> Int64 {
    announcedEnd.exchange(Self.announcing, ordering: .sequentiallyConsistent)
  }

  /// - Parameter end: The end of the log that is announced now: the previous one if the commit failed.
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
    // A caller that begins to wait after this check starts the timer again.
    if !signal.isStillAwaited() { stop() }
  }

  /// Advances the signal if the log has grown by more than the writer has announced.
  private func look() {
    guard let connection else { return }
    do throws(SQLiteFailure) {
      let version = try connection.integer("PRAGMA data_version") ?? 0
      guard version != lastSeen?.version else { return }
      let end = try connection.logEnd().position
      // Read after the log, so that a commit of the writer that was seen there is announced, or about to be. If it is
      // about to be, or the writer has announced more than was seen, the next tick checks again.
      let announced = announcedEnd.load(ordering: .sequentiallyConsistent)
      guard announced != Self.announcing, announced <= end else { return }
      let isNew = end != announced && end != lastSeen?.end
      lastSeen = (version, end)
      if isNew { signal.advance() }
    } catch {
      // The store can't be read right now. Waiting callers get the error when they read.
      signal.advance()
    }
  }
}
