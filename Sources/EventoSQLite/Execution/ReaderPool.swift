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
  /// `@unchecked Sendable`: `connection` and `catalog` are touched on `queue` alone.
  final class Session: @unchecked Sendable {
    let connection: Connection
    let catalog: Catalog
    fileprivate let queue: DispatchQueue
    fileprivate let ownsConnection: Bool

    /// - Parameter ownsConnection: `false` where the connection is the writer's, which is the only one that a database
    ///   in memory has; the queue is the writer's then.
    init(_ connection: Connection, queue: DispatchQueue, ownsConnection: Bool = true) {
      self.connection = connection
      self.queue = queue
      self.ownsConnection = ownsConnection
      catalog = Catalog(connection)
    }
  }

  private typealias ReadJob = any Job<Session>

  private struct State {
    var waiting: Deque<ReadJob> = []
    /// How many jobs have left the line: the number of the one that did last.
    var begun = 0
    var idle: [Session]
    var isClosed = false

    /// The number of the job that has come last.
    var newest: Int { begun + waiting.count }
  }

  /// Jobs that share a transaction at most: as long as it lasts, the log that waits to be moved into the database grows.
  private static let sharing = 16

  private let sessions: [Session]
  private let turns: ReadTurns
  private let state: Mutex<State>

  init(_ sessions: [Session], turns: ReadTurns) {
    self.sessions = sessions
    self.turns = turns
    state = Mutex(State(idle: sessions))
  }

  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Session) throws -> Value
  ) async throws(EventoError) -> Value {
    let result = await withCheckedContinuation { (continuation: ClosureJob<Session, Value>.Continuation) in
      submit(ClosureJob(continuation, body))
    }
    return try result.get()
  }

  /// - Parameter completion: called on the connection's queue, or at once where the pool is closed.
  func perform<Value: Sendable>(
    completion: @escaping @Sendable (Result<Value, EventoError>) -> Void,
    _ body: @escaping @Sendable (Session) throws -> Value
  ) {
    submit(ClosureJob(completion: completion, body))
  }

  /// Refuses what comes from now on, finishes what waits, then closes the connections.
  func close() async {
    state.withLock { $0.isClosed = true }
    for session in sessions {
      await withCheckedContinuation { continuation in
        session.queue.async { [self] in
          drain(session)
          if session.ownsConnection { session.connection.close() }
          continuation.resume()
        }
      }
    }
  }

  private func submit(_ job: ReadJob) {
    let (isClosed, session) = state.withLock { state -> (Bool, Session?) in
      guard !state.isClosed else { return (true, nil) }
      state.waiting.append(job)
      return (false, state.idle.popLast())
    }
    if isClosed { job.fail(.closed()) }
    if let session { session.queue.async { [self] in drain(session) } }
  }

  /// Runs what waits, then becomes idle.
  private func drain(_ session: Session) {
    turns.begin()
    defer {
      session.connection.endSnapshot()
      turns.end()
    }
    var last = 0
    while let turn = next(for: session) {
      do throws(SQLiteFailure) {
        let isAlone = turns.areShort
        if turn.number > last || isAlone {
          session.connection.endSnapshot()
          last = isAlone ? turn.number : min(turn.newest, turn.number + Self.sharing - 1)
          if last > turn.number { try session.connection.beginSnapshot() }
        }
        let answer = try turn.job.run(on: session)
        answer()
      } catch {
        last = 0
        turn.job.fail(error.error)
      }
    }
  }

  private struct Turn {
    let job: ReadJob
    let number: Int
    /// The number of the job that had come last.
    let newest: Int
  }

  /// `nil` where nothing waits: found so and counted as idle in one step, so that no job falls in between.
  private func next(for session: Session) -> Turn? {
    state.withLock { state in
      guard let job = state.waiting.popFirst() else {
        state.idle.append(session)
        return nil
      }
      state.begun += 1
      return Turn(job: job, number: state.begun, newest: state.newest)
    }
  }
}
