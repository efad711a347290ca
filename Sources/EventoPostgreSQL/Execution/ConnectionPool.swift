internal import DequeModule
internal import Dispatch
internal import Evento
internal import Synchronization

/// A few connections for everything except writing events, each on its own queue. Work waits until one is free.
///
/// Connections are opened when they are needed. One that was lost is replaced, and what it was doing is repeated once:
/// all of it either reads, or can be done twice. While the server can't be reached, work fails at once, except for an
/// attempt to connect from time to time.
final class ConnectionPool: Sendable {
  /// A connection with what was cached for it, which ends with it. Confined to one queue.
  final class Session {
    let connection: Connection
    let symbols = SymbolTable()
    var filters = FilterCache()
    /// The generation in which it was opened; see ``renew()``.
    fileprivate let generation: Int

    fileprivate init(_ connection: Connection, generation: Int) {
      self.connection = connection
      self.generation = generation
    }
  }

  /// The kinds of work. The longer ones have a third of the connections each, so that the short ones do not wait for
  /// them (a bulkhead).
  enum Work: Int, CaseIterable {
    /// Reading one event, subscriber or snapshot.
    case lookUp
    case readPage
    /// Changing a subscriber or snapshot, which may wait for a standby.
    case change
  }

  typealias Completion<Value> = @Sendable (Result<Value, EventoError>) -> Void

  private struct Job: Sendable {
    let work: Work
    /// The number of jobs before it.
    let number: Int
    /// The end of its wait for a connection.
    let deadline: ContinuousClock.Instant
    let isCancelled: @Sendable () -> Bool
    /// Returns the closure that passes the outcome to the caller.
    let run: @Sendable (Session, _ isRepeated: Bool) throws -> @Sendable () -> Void
    let fail: @Sendable (EventoError) -> Void
  }

  /// A place for a connection.
  ///
  /// `@unchecked Sendable`: `session` is used only on `queue`.
  private final class Seat: @unchecked Sendable {
    let queue: DispatchQueue
    /// `nil` before the first connection, and after it was lost.
    var session: Session?

    init(number: Int) {
      queue = DispatchQueue(label: "evento.postgresql.connection.\(number)")
    }
  }

  private struct State {
    /// The waiting jobs, by their kind of work.
    var waiting: [Deque<Job>] = Array(repeating: [], count: Work.allCases.count)
    /// The number of running jobs, likewise.
    var running = Array(repeating: 0, count: Work.allCases.count)
    var submitted = 0
    var idle: [Seat]
    var isClosed = false
    /// True if a call of ``ConnectionPool/endWaits()`` is to come.
    var isTimed = false
    /// The calls to make once no job waits or runs.
    var whenDone: [@Sendable () -> Void] = []
    /// The latest failure to connect, since the last success.
    var failure: (error: EventoError, count: Int, retryAt: ContinuousClock.Instant)?
  }

  private let seats: [Seat]
  private let waitLimit: Duration
  private let connect: @Sendable () throws(PostgreSQLFailure) -> Connection
  private let state: Mutex<State>
  /// The sessions whose change took too long.
  private let abandoned = AbandonedSessions()
  /// Grows with each ``renew()``.
  private let generation = Atomic(0)

  /// - Parameter sessions: The maximum number of connections, at least 1.
  convenience init(_ settings: ConnectionSettings, sessions: Int) {
    // As long as what is before it, and is repeated once.
    self.init(sessions: sessions, waitLimit: settings.timeout * 2) { () throws(PostgreSQLFailure) in
      try Connection(settings)
    }
  }

  /// - Parameter waitLimit: The time for which work may wait for a connection.
  init(
    sessions: Int, waitLimit: Duration = .seconds(10),
    connect: @escaping @Sendable () throws(PostgreSQLFailure) -> Connection
  ) {
    seats = (1...max(sessions, 1)).map { Seat(number: $0) }
    self.waitLimit = waitLimit
    self.connect = connect
    state = Mutex(State(idle: seats.reversed()))
  }

  /// Replaces all connections, and repeats what is running: another server may have taken over, and has just accepted a
  /// connection.
  func renew() {
    generation.add(1, ordering: .sequentiallyConsistent)
    state.withLock { $0.failure = nil }
  }

  // MARK: Submitting

  /// Runs `body` when a connection is free, unless the caller's task is cancelled before that.
  ///
  /// - Throws: `unavailable` if none is free in time; the failure of `body`.
  func perform<Value: Sendable>(
    _ work: Work, _ body: @escaping @Sendable (Session, _ isRepeated: Bool) throws -> Value
  ) async throws(EventoError) -> Value {
    try await withCompletion { isCancelled, completion in
      perform(work, unless: isCancelled, completion: completion, body)
    }
  }

  /// Runs `body` like the other `perform`, and calls `completion`: on a connection's queue, or at once if this is closed.
  ///
  /// - Parameters:
  ///   - isCancelled: Returns whether the caller has stopped waiting. It is called before `body`.
  ///   - body: Called again, with `isRepeated` set, if its connection is lost. What it did before may have been done.
  func perform<Value: Sendable>(
    _ work: Work, unless isCancelled: @escaping @Sendable () -> Bool = { false },
    completion: @escaping Completion<Value>,
    _ body: @escaping @Sendable (Session, _ isRepeated: Bool) throws -> Value
  ) {
    let isAccepted = state.withLock { state in
      guard !state.isClosed else { return false }
      state.submitted += 1
      state.waiting[work.rawValue].append(
        Job(
          work: work, number: state.submitted, deadline: .now + waitLimit, isCancelled: isCancelled,
          run: { session, isRepeated in
            let outcome = try Self.outcome { try body(session, isRepeated) }
            return { completion(outcome) }
          },
          fail: { completion(.failure($0)) }))
      return true
    }
    guard isAccepted else { return completion(.failure(.storeClosed)) }
    startNext()
  }

  /// Returns the result of `body`, or its error.
  ///
  /// - Throws: Only ``PostgreSQLFailure``.
  private static func outcome<Value>(_ body: () throws -> Value) throws(PostgreSQLFailure) -> Result<Value, EventoError>
  {
    do {
      return .success(try body())
    } catch let failure as PostgreSQLFailure {
      throw failure
    } catch {
      return .failure(EventoError(wrapping: error))
    }
  }

  // MARK: Taking turns

  /// Starts the next job on an idle connection, if there are both.
  private func startNext() {
    let (start, deadline) = state.withLock { state -> ((Job, Seat)?, ContinuousClock.Instant?) in
      guard let seat = state.idle.last, let job = next(&state) else { return (nil, nextDeadline(&state)) }
      state.idle.removeLast()
      return ((job, seat), nextDeadline(&state))
    }
    if let deadline { endWaits(at: deadline) }
    guard let (job, seat) = start else { return }
    seat.queue.async { [self] in runAll(from: job, on: seat) }
  }

  /// Returns the time at which ``endWaits()`` must be called, unless a call is to come or nothing waits.
  private func nextDeadline(_ state: inout State) -> ContinuousClock.Instant? {
    guard !state.isTimed, let first = state.waiting.compactMap({ $0.first?.deadline }).min() else { return nil }
    state.isTimed = true
    return first
  }

  private func endWaits(at deadline: ContinuousClock.Instant) {
    let delay = max(deadline - .now, .zero) / .seconds(1)
    DispatchQueue.global().asyncAfter(deadline: .now() + delay) { [weak self] in self?.endWaits() }
  }

  /// Fails the jobs that have waited for too long: all connections may hang.
  private func endWaits() {
    let now = ContinuousClock.now
    let (expired, next) = state.withLock { state -> ([Job], ContinuousClock.Instant?) in
      state.isTimed = false
      var expired: [Job] = []
      for work in state.waiting.indices {
        while let job = state.waiting[work].first, job.deadline <= now {
          expired.append(state.waiting[work].removeFirst())
        }
      }
      return (expired, nextDeadline(&state))
    }
    if let next { endWaits(at: next) }
    for job in expired {
      job.fail(
        EventoError(
          .unavailable,
          "All connections to PostgreSQL were busy for \(waitLimit / .seconds(1)) seconds, the limit of a wait. Retry shortly."
        ))
    }
  }

  /// Runs a job, and then others as long as one waits.
  private func runAll(from first: Job, on seat: Seat) {
    var job = first
    while true {
      let report = outcome(of: job, on: seat)
      let work = job.work
      let (following, calls) = state.withLock { state -> (Job?, [@Sendable () -> Void]) in
        state.running[work.rawValue] -= 1
        if let job = next(&state) { return (job, []) }
        state.idle.append(seat)
        return (nil, state.isClosed && state.idle.count == seats.count ? takeCalls(&state) : [])
      }
      // After the connection is idle again, so that the caller's next call finds it.
      report()
      for call in calls { call() }
      guard let following else { return }
      job = following
    }
  }

  /// Removes the job that has waited longest among those whose kind of work may have another connection.
  private func next(_ state: inout State) -> Job? {
    let works = Work.allCases.filter { state.running[$0.rawValue] < limit(of: $0) }
    let heads = works.compactMap { state.waiting[$0.rawValue].first }
    guard let job = heads.min(by: { $0.number < $1.number }) else { return nil }
    state.waiting[job.work.rawValue].removeFirst()
    state.running[job.work.rawValue] += 1
    return job
  }

  private func limit(of work: Work) -> Int {
    work == .lookUp ? seats.count : max(seats.count / Work.allCases.count, 1)
  }

  private func takeCalls(_ state: inout State) -> [@Sendable () -> Void] {
    defer { state.whenDone = [] }
    return state.whenDone
  }

  // MARK: Running

  /// Runs a job, at most twice.
  ///
  /// - Returns: The closure that passes the outcome to the caller.
  private func outcome(of job: Job, on seat: Seat) -> @Sendable () -> Void {
    var isRepeated = false
    while true {
      guard !job.isCancelled() else { return { job.fail(.requestDropped) } }
      do {
        let session = try session(of: seat)
        if job.work == .change { try abandoned.check(on: session.connection) }
        let report = try job.run(session, isRepeated)
        // A former leader that has hung and goes on does not know at once that another server has taken over.
        guard isRepeated || session.generation == generation.load(ordering: .sequentiallyConsistent) else {
          isRepeated = true
          continue
        }
        return report
      } catch let failure as PostgreSQLFailure {
        if job.work == .change, failure.reason == .timedOut, failure.isConnectionLost, let session = seat.session {
          abandoned.add(session.connection.backend)
        }
        if failure.isConnectionLost { seat.session = nil }
        // Repeating what took too long would take as long again.
        guard !isRepeated, failure.isConflict || failure.isConnectionLost && failure.reason != .timedOut else {
          return { job.fail(failure.error) }
        }
        isRepeated = true
      } catch {
        return { job.fail(EventoError(wrapping: error)) }
      }
    }
  }

  /// - Throws: ``EventoError`` if the server can't be reached.
  private func session(of seat: Seat) throws -> Session {
    let generation = generation.load(ordering: .sequentiallyConsistent)
    if let session = seat.session, !session.connection.isBroken, session.generation == generation { return session }
    seat.session = nil
    let failure = state.withLock { $0.failure }
    if let failure, .now < failure.retryAt { throw failure.error }
    do throws(PostgreSQLFailure) {
      let session = Session(try connect(), generation: generation)
      state.withLock { $0.failure = nil }
      seat.session = session
      return session
    } catch {
      let connecting = error.error
      state.withLock { state in
        let count = (state.failure?.count ?? 0) + 1
        state.failure = (connecting, count, .now + Backoff.reconnection.delay(beforeRetry: count))
      }
      throw connecting
    }
  }

  // MARK: Closing

  /// Refuses new work, completes what waits, then closes the connections.
  func close() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        state.isClosed = true
        let isDone = state.idle.count == seats.count
        if !isDone { state.whenDone.append { continuation.resume() } }
        return isDone
      }
      if isDone { continuation.resume() }
    }
    for seat in seats {
      await withCheckedContinuation { continuation in
        seat.queue.async {
          seat.session?.connection.close()
          seat.session = nil
          continuation.resume()
        }
      }
    }
  }
}

extension ConnectionPool {
  /// Checks that the server accepts writes, on one of the connections.
  ///
  /// - Parameter completion: Gets the reason if it does not.
  func checkWritable(completion: @escaping @Sendable (EventoError?) -> Void) {
    let report: Completion<Void> = { result in
      if case .failure(let error) = result { completion(error) } else { completion(nil) }
    }
    perform(.lookUp, completion: report) { session, _ in
      let result = try session.connection.run(Self.readOnlyStatement)
      guard !result.bool(0, 0) else {
        throw PostgreSQLFailure(
          .notWritable, message: "transaction_read_only = on", action: "check the server", mayHaveCommitted: false,
          isConnectionLost: true)
      }
    }
  }

  /// On for a standby too: https://www.postgresql.org/docs/15/hot-standby.html#HOT-STANDBY-USERS
  private static let readOnlyStatement = Statement("SELECT current_setting('transaction_read_only') = 'on'")
}
