internal import Evento
internal import EventoStorage
internal import Synchronization

/// Checks the conditions of waiting writes on a separate connection, in the order in which they arrive, so that they
/// and other reads do not wait for each other.
final class ConditionPrechecks: Sendable {
  typealias Completion = @Sendable (Result<ConditionPrecheck?, EventoError>) -> Void

  let pool: ReaderPool
  private let waitingLimit: Int
  private let count = Atomic(0)
  private let isClosed = Atomic(false)

  /// - Parameter waitingLimit: The maximum number of conditions that wait or are being checked. Further ones are
  ///   refused.
  init(_ session: ReaderPool.Session, turns: ReadTurns, waitingLimit: Int) {
    pool = ReaderPool([session], turns: turns)
    self.waitingLimit = waitingLimit
  }

  /// The number of conditions that wait or are being checked.
  var waiting: Int { count.load(ordering: .relaxed) }

  /// Checks a condition.
  ///
  /// - Parameters:
  ///   - isCancelled: Returns whether the caller has stopped waiting. The condition is then not checked.
  ///   - completion: Called on the connection's queue, or at once if the condition is refused.
  func check(
    _ condition: WriteCondition, unless isCancelled: @escaping @Sendable () -> Bool, completion: @escaping Completion
  ) {
    guard count.add(1, ordering: .relaxed).oldValue < waitingLimit else {
      count.subtract(1, ordering: .relaxed)
      return completion(.failure(.tooManyWaiting(waitingLimit)))
    }
    pool.submit(
      ClosureJob(
        unless: { [self] in isClosed.load(ordering: .relaxed) || isCancelled() },
        completion: { [self] result in
          count.subtract(1, ordering: .relaxed)
          completion(isClosed.load(ordering: .relaxed) ? result.mapError { _ in .storeClosed } : result)
        }
      ) { session in try ConditionPrecheck(condition, on: session.connection, session.symbols) })
  }

  /// Refuses conditions that are not being checked yet, and all later ones.
  func refuse() {
    isClosed.store(true, ordering: .relaxed)
  }

  /// Refuses like ``refuse()``, waits for the condition that is being checked, and closes the connection.
  func close() async {
    refuse()
    await pool.close()
  }
}
