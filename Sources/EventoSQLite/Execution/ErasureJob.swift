internal import Evento
internal import EventoStorage

/// An erasure. Its caller waits until no file has the erased bytes any more: ``Writer`` ends it after the commit.
final class ErasureJob: Job {
  typealias Completion = @Sendable (Result<ErasureResult, EventoError>) -> Void

  private let aggregate: Int64
  private let position: Int64
  private let id: String
  private let snapshotTypes: [String]
  private let mustDrop: @Sendable () -> Bool
  private let completion: Completion

  /// - Parameters:
  ///   - aggregate: The aggregate, which has events.
  ///   - position: The position up to which all of its events are erased already.
  ///   - id: The id of the snapshots.
  ///   - snapshotTypes: Their types.
  ///   - mustDrop: Returns whether the caller has stopped waiting. The erasure then does not begin.
  init(
    aggregate: Int64, after position: Int64, id: String, snapshotTypes: [String],
    unless mustDrop: @escaping @Sendable () -> Bool, completion: @escaping Completion
  ) {
    self.aggregate = aggregate
    self.position = position
    self.id = id
    self.snapshotTypes = snapshotTypes
    self.mustDrop = mustDrop
    self.completion = completion
  }

  var isCancelled: Bool { mustDrop() }

  func run(on session: WriterSession) throws(SQLiteFailure) -> Report {
    try session.insertBuffer.flush()
    let connection = session.connection
    let result = ErasureResult(
      events: try EventEraser(connection: connection, symbols: session.symbols)
        .erase(aggregate: aggregate, after: position),
      snapshots: try SnapshotTable(connection: connection).erase(id: id, types: snapshotTypes))
    session.add(erasure: { [completion] error in completion(error.map { .failure($0) } ?? .success(result)) })
    return {}
  }

  func fail(_ error: EventoError) {
    completion(.failure(error))
  }
}
