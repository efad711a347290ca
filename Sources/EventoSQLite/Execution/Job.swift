internal import Evento

/// One request to a connection, and who waits for its outcome.
///
/// To run it and to answer it are two steps, so that the writer can run many, commit once, and answer then.
protocol Job<Resource>: AnyObject, Sendable {
  associatedtype Resource

  /// About how much it will write.
  var bytes: Int { get }

  /// About how long it keeps the writer busy, as bytes of payload that take as long.
  var cost: Int { get }

  /// Whether the caller has stopped waiting, so that the job need not be run.
  var isCancelled: Bool { get }

  /// Hands the outcome to whoever waits. To be called once.
  typealias Answer = () -> Void

  /// It may be run again if it has only read, and has not been answered.
  ///
  /// - Returns: its answer.
  /// - Throws: ``SQLiteFailure`` alone; what the request itself is refused for is its outcome.
  func run(on resource: Resource) throws(SQLiteFailure) -> Answer

  /// Hands over a failure instead.
  func fail(_ error: EventoError)
}

extension Job {
  var bytes: Int { 0 }

  var cost: Int { bytes }

  var isCancelled: Bool { false }

  /// What `body` returns, or what it is refused for.
  ///
  /// - Throws: ``SQLiteFailure`` alone.
  static func outcome<Value>(_ body: () throws -> Value) throws(SQLiteFailure) -> Result<Value, EventoError> {
    do {
      return .success(try body())
    } catch let failure as SQLiteFailure {
      throw failure
    } catch let error as EventoError {
      return .failure(error)
    } catch {
      return .failure(EventoError(.internal, "The store failed unexpectedly. See the log.", cause: "\(error)"))
    }
  }
}

/// A job made of a closure.
final class ClosureJob<Resource, Value: Sendable>: Job {
  typealias Continuation = CheckedContinuation<Result<Value, EventoError>, Never>
  typealias Completion = @Sendable (Result<Value, EventoError>) -> Void

  private let body: @Sendable (Resource) throws -> Value
  private let completion: Completion
  private let mustDrop: @Sendable () -> Bool
  let bytes: Int

  /// - Parameter mustDrop: returns whether the caller has stopped waiting.
  init(
    bytes: Int = 0, unless mustDrop: @escaping @Sendable () -> Bool = { false }, completion: @escaping Completion,
    _ body: @escaping @Sendable (Resource) throws -> Value
  ) {
    self.bytes = bytes
    self.mustDrop = mustDrop
    self.completion = completion
    self.body = body
  }

  var isCancelled: Bool { mustDrop() }

  func run(on resource: Resource) throws(SQLiteFailure) -> Answer {
    let outcome = try Self.outcome { try body(resource) }
    return { [completion] in completion(outcome) }
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}
