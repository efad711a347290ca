internal import Evento

/// An erasure. Its caller waits until no file has the erased bytes any more: ``Writer`` ends it after the commit.
final class ErasureJob: Job {
  typealias Completion = @Sendable (Result<ErasureResult, EventoError>) -> Void

  private let erase: @Sendable (WriterSession) throws(SQLiteFailure) -> ErasureResult
  private let cancelled: @Sendable () -> Bool
  private let completion: Completion

  /// - Parameters:
  ///   - isCancelled: Returns whether the caller has stopped waiting. The erasure then does not begin.
  ///   - erase: Erases, and returns what it has erased.
  init(
    unless isCancelled: @escaping @Sendable () -> Bool, completion: @escaping Completion,
    _ erase: @escaping @Sendable (WriterSession) throws(SQLiteFailure) -> ErasureResult
  ) {
    self.erase = erase
    self.cancelled = isCancelled
    self.completion = completion
  }

  var isCancelled: Bool { cancelled() }

  func run(on session: WriterSession) throws(SQLiteFailure) -> Report {
    try session.insertBuffer.flush()
    let result = try erase(session)
    if result.snapshots > 0 { session.mustRewriteSnapshots = true }
    session.add(erasure: { [completion] error in completion(error.map { .failure($0) } ?? .success(result)) })
    return {}
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }

  var adviceInDoubt: String { "The aggregate may have been erased. Erase it again." }
}
