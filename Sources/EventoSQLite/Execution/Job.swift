internal import Evento

/// One request to a connection, and who waits for its outcome.
///
/// Running it and answering it are two steps, so that the writer can run many, commit once, and answer then.
protocol Job<Resource>: AnyObject {
  associatedtype Resource

  /// - Throws: ``SQLiteFailure`` alone; what the request itself is refused for is kept as its outcome.
  func run(on resource: Resource) throws(SQLiteFailure)

  /// Hands the outcome of ``run(on:)`` to whoever waits.
  func answer()

  /// Hands over a failure instead.
  func fail(_ error: EventoError)
}

/// A job made of a closure.
///
/// `@unchecked Sendable`: it is handed from queue to queue, and only the one that has it touches it.
final class ClosureJob<Resource, Value: Sendable>: Job, @unchecked Sendable {
  typealias Continuation = CheckedContinuation<Result<Value, EventoError>, Never>
  typealias Completion = @Sendable (Result<Value, EventoError>) -> Void

  private let body: @Sendable (Resource) throws -> Value
  private let completion: Completion
  private var outcome: Result<Value, EventoError>?

  init(completion: @escaping Completion, _ body: @escaping @Sendable (Resource) throws -> Value) {
    self.completion = completion
    self.body = body
  }

  convenience init(_ continuation: Continuation, _ body: @escaping @Sendable (Resource) throws -> Value) {
    self.init(completion: { continuation.resume(returning: $0) }, body)
  }

  func run(on resource: Resource) throws(SQLiteFailure) {
    outcome = try Self.outcome { try body(resource) }
  }

  func answer() {
    completion(outcome ?? .lost)
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}

extension Job {
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
      return .failure(EventoError(.internal, "The store failed in a way that it should not.", cause: "\(error)"))
    }
  }
}

extension Result where Failure == EventoError {
  /// The outcome of a job that has none.
  static var lost: Result {
    .failure(EventoError(.internal, "The store lost a request.", cause: "no outcome"))
  }
}

extension EventoError {
  static func closed() -> EventoError {
    EventoError(.unavailable, "The store is shutting down: send this again to the one that takes its place.")
  }
}
