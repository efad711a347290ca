internal import DequeModule
internal import Dispatch
internal import Evento
internal import Synchronization

/// A few connections that only read, each on its own queue. A read waits until one is free.
///
/// Reads that wait together share a transaction, so that not each of them has to lock the database. The transaction
/// begins after all of them have arrived, so that no read sees an older state than at its arrival.
final class ReaderPool: Sendable {
  /// A connection with its queue and its cached symbols.
  ///
  /// `@unchecked Sendable`: `connection` and `symbols` are used only on `queue`.
  final class Session: @unchecked Sendable {
    let connection: Connection
    let symbols: SymbolTable
    fileprivate let queue: DispatchQueue
    fileprivate let ownsConnection: Bool

    /// - Parameter ownsConnection: False if the connection and the queue are the writer's. A database in memory has no
    ///   other connection.
    init(_ connection: Connection, queue: DispatchQueue, ownsConnection: Bool = true) {
      self.connection = connection
      self.queue = queue
      self.ownsConnection = ownsConnection
      symbols = SymbolTable(connection)
    }
  }

  typealias ReadJob = any Job<Session>

  private struct State {
    var waiting: Deque<ReadJob> = []
    /// The number of jobs that have left the queue, which is also the number of the last one.
    var begun = 0
    var idle: [Session]
    var isClosed = false
    /// The calls to make once no job waits or runs.
    var whenDone: [@Sendable () -> Void] = []

    /// The number of the latest job.
    var newest: Int { begun + waiting.count }

    mutating func popFirst() -> ReadJob? {
      guard let job = waiting.popFirst() else { return nil }
      begun += 1
      return job
    }
  }

  /// The maximum number of jobs that share a transaction. While it lasts, the log can't be moved into the database, and
  /// grows.
  private static let sharing = 16

  private let sessions: [Session]
  private let turns: ReadTurns
  private let sharingDuration: Duration
  private let overflow: (@Sendable (ReadJob) -> Void)?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - sharingDuration: The time after which no further job starts in the same transaction.
  ///   - overflow: Called with reads that have spent their allowance, to run them again from their beginning; `nil` if
  ///     reads have no allowance.
  init(
    _ sessions: [Session], turns: ReadTurns, sharingDuration: Duration = .milliseconds(10),
    overflow: (@Sendable (ReadJob) -> Void)? = nil
  ) {
    self.sessions = sessions
    self.turns = turns
    self.sharingDuration = sharingDuration
    self.overflow = overflow
    state = Mutex(State(idle: sessions))
  }

  /// Refuses new jobs, completes the waiting ones, then closes the connections.
  func close() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        state.isClosed = true
        let isDone = state.waiting.isEmpty && state.idle.count == sessions.count
        if !isDone { state.whenDone.append { continuation.resume() } }
        return isDone
      }
      if isDone { continuation.resume() }
    }
    for session in sessions where session.ownsConnection {
      await withCheckedContinuation { continuation in
        session.queue.async {
          session.connection.close()
          continuation.resume()
        }
      }
    }
  }

  func submit(_ job: ReadJob) {
    let (isClosed, session) = state.withLock { state -> (Bool, Session?) in
      guard !state.isClosed else { return (true, nil) }
      state.waiting.append(job)
      return (false, state.idle.popLast())
    }
    if isClosed { job.fail(.storeClosed) }
    if let session { takeTurn(session) }
  }

  private func takeTurn(_ session: Session) {
    session.queue.async { [self] in
      guard turns.begin(orLater: { [self] in takeTurn(session) }) else { return }
      let hasMore = runTurn(session)
      session.connection.endSnapshot()
      turns.end()
      // Others may use the same queue (of a database in memory).
      if hasMore { takeTurn(session) }
    }
  }

  /// Runs one job, or several that share a transaction.
  ///
  /// - Returns: True if the session needs another turn; otherwise it counts as idle.
  private func runTurn(_ session: Session) -> Bool {
    guard let (job, number, newest) = next(for: session) else { return false }
    // The callers of later jobs may have seen a commit that this transaction does not show.
    let last = turns.mustEndEarly ? number : min(newest, number + Self.sharing - 1)
    if last == number {
      _ = run(job, on: session)
    } else {
      share(session, first: job, last: last)
    }
    return !becomeIdle(session)
  }

  private func share(_ session: Session, first: ReadJob, last: Int) {
    let end = ContinuousClock.now + sharingDuration
    do throws(SQLiteFailure) {
      try session.connection.beginSnapshot()
    } catch {
      return first.fail(error.error)
    }
    var job = first
    while run(job, on: session), !turns.mustEndEarly, ContinuousClock.now < end, let following = next(upTo: last) {
      job = following
    }
  }

  /// - Returns: True if other jobs may run in the same transaction.
  private func run(_ job: ReadJob, on session: Session) -> Bool {
    guard !job.isCancelled else {
      job.fail(.requestDropped)
      return true
    }
    let allowance = overflow == nil ? nil : session.connection.allowance
    if let allowance {
      let othersWait = state.withLock { !$0.waiting.isEmpty }
      allowance.renew(othersWait ? ReadAllowance.limitWhileOthersWait : ReadAllowance.limit)
    }
    do throws(SQLiteFailure) {
      let report = try job.run(on: session)
      allowance?.suspend()
      report()
      return true
    } catch {
      let isLong = allowance?.isSpent ?? false
      allowance?.suspend()
      if isLong, let overflow { overflow(job) } else { job.fail(error.error) }
      return isLong
    }
  }

  /// Returns the next job, its number, and that of the latest job; `nil` if none waits. Then the session counts as idle
  /// in the same step, so that no job is missed in between.
  private func next(for session: Session) -> (job: ReadJob, number: Int, newest: Int)? {
    let (first, whenDone) = state.withLock { state in
      let first = state.popFirst()
      return (first.map { ($0, state.begun, state.newest) }, first == nil ? idle(session, &state) : [])
    }
    for call in whenDone { call() }
    return first
  }

  /// Returns the next job if its number is at most `last`.
  private func next(upTo last: Int) -> ReadJob? {
    state.withLock { state in state.begun < last ? state.popFirst() : nil }
  }

  /// - Returns: True if no job waits, so that the session counts as idle now.
  private func becomeIdle(_ session: Session) -> Bool {
    let (isIdle, whenDone) = state.withLock { state in
      state.waiting.isEmpty ? (true, idle(session, &state)) : (false, [])
    }
    for call in whenDone { call() }
    return isIdle
  }

  /// - Returns: The calls to make.
  private func idle(_ session: Session, _ state: inout State) -> [@Sendable () -> Void] {
    state.idle.append(session)
    guard state.isClosed, state.idle.count == sessions.count else { return [] }
    defer { state.whenDone = [] }
    return state.whenDone
  }
}
