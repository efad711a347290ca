internal import Evento
internal import EventoStorage

/// One request to a connection, with the callback for its outcome.
///
/// Running and reporting are two steps, so that the writer can run many jobs, commit once, and then report their
/// outcomes.
protocol Job<Resource>: AnyObject, Sendable {
  associatedtype Resource

  /// The estimated size of what it writes.
  var size: WriteSize { get }

  /// True if the caller has stopped waiting, so that the job need not run.
  var isCancelled: Bool { get }

  /// Passes the outcome to the caller. Call it once.
  typealias Report = () -> Void

  /// Runs the job. It may be run again if it has only read, and its outcome has not been passed on.
  ///
  /// - Returns: The closure that passes the outcome to the caller.
  /// - Throws: Only ``SQLiteFailure``. An error in the request itself is its outcome.
  func run(on resource: Resource) throws(SQLiteFailure) -> Report

  /// Passes an error to the caller instead.
  func fail(_ error: EventoError)

  /// The end of an error's text if the job may have been done nevertheless: says so, and what to do.
  var adviceInDoubt: String { get }
}

extension Job {
  var size: WriteSize { WriteSize(cost: 0, bytes: 0) }

  var isCancelled: Bool { false }

  var adviceInDoubt: String { "This change may have been stored. Send it again." }

  /// Returns the result of `body`, or its error.
  ///
  /// - Throws: Only ``SQLiteFailure``.
  static func outcome<Value>(_ body: () throws -> Value) throws(SQLiteFailure) -> Result<Value, EventoError> {
    do {
      return .success(try body())
    } catch let failure as SQLiteFailure {
      throw failure
    } catch let error as EventoError {
      return .failure(error)
    } catch {
      return .failure(.unexpected(cause: "\(error)"))
    }
  }
}

/// A job that runs a closure.
final class ClosureJob<Resource, Value: Sendable>: Job {
  typealias Completion = @Sendable (Result<Value, EventoError>) -> Void

  private let body: @Sendable (Resource) throws -> Value
  private let completion: Completion
  private let cancelled: @Sendable () -> Bool
  let size: WriteSize

  /// - Parameters:
  ///   - bytes: The approximate number of bytes that it writes.
  ///   - isCancelled: Returns whether the caller has stopped waiting.
  init(
    bytes: Int = 0, unless isCancelled: @escaping @Sendable () -> Bool = { false }, completion: @escaping Completion,
    _ body: @escaping @Sendable (Resource) throws -> Value
  ) {
    size = WriteSize(cost: bytes, bytes: bytes)
    self.cancelled = isCancelled
    self.completion = completion
    self.body = body
  }

  var isCancelled: Bool { cancelled() }

  func run(on resource: Resource) throws(SQLiteFailure) -> Report {
    let outcome = try Self.outcome { try body(resource) }
    return { [completion] in completion(outcome) }
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}
