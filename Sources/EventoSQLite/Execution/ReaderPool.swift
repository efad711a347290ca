internal import DequeModule
internal import Dispatch
internal import Evento
internal import Synchronization

/// A few connections that only read, each on a queue of its own. A read waits until one is free.
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
    var idle: [Session]
    var isClosed = false
  }

  private let sessions: [Session]
  private let state: Mutex<State>

  init(_ sessions: [Session]) {
    self.sessions = sessions
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

  /// Runs what waits, then becomes idle: found empty and counted as idle in one step, so that no job falls in between.
  private func drain(_ session: Session) {
    while let job = state.withLock({ state -> ReadJob? in
      guard let job = state.waiting.popFirst() else {
        state.idle.append(session)
        return nil
      }
      return job
    }) {
      do throws(SQLiteFailure) {
        let answer = try job.run(on: session)
        answer()
      } catch {
        job.fail(error.error)
      }
    }
  }
}
