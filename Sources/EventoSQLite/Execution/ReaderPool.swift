internal import DequeModule
internal import Dispatch
internal import Evento
internal import Synchronization

/// A few connections that only read, each on a queue of its own. A read waits until one is free.
///
/// Reads that wait together share a transaction, which spares each of them the locks of its own. It begins when all of
/// them have come, so that none sees a state that is older than itself.
final class ReaderPool: Sendable {
  /// A connection and what belongs to it.
  ///
  /// `@unchecked Sendable`: `connection` and `symbols` are touched on `queue` alone.
  final class Session: @unchecked Sendable {
    let connection: Connection
    let symbols: SymbolTable
    fileprivate let queue: DispatchQueue
    fileprivate let ownsConnection: Bool

    /// - Parameter ownsConnection: `false` where the connection is the writer's, which is the only one that a database
    ///   in memory has; the queue is the writer's then.
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
    /// How many jobs have left the line: the number of the one that did last.
    var begun = 0
    var idle: [Session]
    var isClosed = false
    /// Called once nothing waits and nothing runs.
    var whenDone: [@Sendable () -> Void] = []

    /// The number of the job that has come last.
    var newest: Int { begun + waiting.count }

    mutating func popFirst() -> ReadJob? {
      guard let job = waiting.popFirst() else { return nil }
      begun += 1
      return job
    }
  }

  /// Jobs that share a transaction at most: as long as it lasts, the log that waits to be moved into the database grows.
  private static let sharing = 16

  private let sessions: [Session]
  private let turns: ReadTurns
  private let sharingDuration: Duration
  private let overflow: (@Sendable (ReadJob) -> Void)?
  private let state: Mutex<State>

  /// - Parameters:
  ///   - sharingDuration: past it, no other job goes on in the same transaction.
  ///   - overflow: takes reads that have spent their allowance, to run them from their beginning; `nil` if none has an
  ///     allowance.
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

  /// Refuses what comes from now on, finishes what waits, then closes the connections.
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

  /// Runs jobs that share a transaction, or one.
  ///
  /// - Returns: whether the session is to have another turn; otherwise it counts as idle.
  private func runTurn(_ session: Session) -> Bool {
    guard let (job, number, newest) = next(for: session) else { return false }
    // Those that come from now on may know of a commit that this transaction does not show.
    let last = turns.areShort ? number : min(newest, number + Self.sharing - 1)
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
    while run(job, on: session), !turns.areShort, ContinuousClock.now < end, let following = next(upTo: last) {
      job = following
    }
  }

  /// - Returns: whether others may go on in the same transaction.
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
      let answer = try job.run(on: session)
      allowance?.suspend()
      answer()
      return true
    } catch {
      let isLong = allowance?.isSpent ?? false
      allowance?.suspend()
      if isLong, let overflow { overflow(job) } else { job.fail(error.error) }
      return isLong
    }
  }

  /// The job whose turn it is, its number, and that of the job which had come last; `nil` if nothing waits: found so and
  /// counted as idle in one step, so that no job falls in between.
  private func next(for session: Session) -> (job: ReadJob, number: Int, newest: Int)? {
    let (first, whenDone) = state.withLock { state in
      let first = state.popFirst()
      return (first.map { ($0, state.begun, state.newest) }, first == nil ? idle(session, &state) : [])
    }
    for call in whenDone { call() }
    return first
  }

  /// The job whose turn it is, if its number is at most that.
  private func next(upTo last: Int) -> ReadJob? {
    state.withLock { state in state.begun < last ? state.popFirst() : nil }
  }

  /// - Returns: whether the session counts as idle now, because nothing waits.
  private func becomeIdle(_ session: Session) -> Bool {
    let (isIdle, whenDone) = state.withLock { state in
      state.waiting.isEmpty ? (true, idle(session, &state)) : (false, [])
    }
    for call in whenDone { call() }
    return isIdle
  }

  /// - Returns: what is to be called.
  private func idle(_ session: Session, _ state: inout State) -> [@Sendable () -> Void] {
    state.idle.append(session)
    guard state.isClosed, state.idle.count == sessions.count else { return [] }
    defer { state.whenDone = [] }
    return state.whenDone
  }
}
