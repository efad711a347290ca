public import Evento
internal import EventoStorage

extension PostgreSQLExecutor: Executor, CallbackExecutor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try await write(events, condition: nil)
  }

  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    let result = await withCheckedContinuation { continuation in
      write(events, condition: condition, unless: { false }) { continuation.resume(returning: $0) }
    }
    return try result.get()
  }

  package func write(
    _ events: [NewEvent], condition: WriteCondition?, unless isCancelled: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void
  ) {
    let checks = {
      try NewEvent.check(events)
      try condition?.check()
    }
    guard passes(completion, checks) else { return }
    let write = PendingWrite(
      events, condition, deadline: .now + configuration.writeTimeout, unless: isCancelled, completion: completion)
    guard write.size.bytes <= Parameters.maximumSize else {
      return completion(.failure(.tooLarge(write.size.bytes)))
    }
    writer.submit(write)
  }

  /// Erases the content of an aggregate. When it returns, no row that a reader can see has it.
  ///
  /// The server still has it in old versions of the rows until they are vacuumed, in its write-ahead log, and in backups:
  /// see docs/postgresql.md. If the connection is lost after the commit and the call is repeated, the result does not
  /// count what the first attempt erased.
  @discardableResult
  public func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult {
    try ErasureResult.check(type: type, id: id, snapshotTypes: types)
    return try await connections.perform(.change) { session, _ in
      try EventEraser(connection: session.connection).erase(type: type, id: id, snapshotTypes: types)
    }
  }

  /// Reports the state of the writer's current or latest commit. If that succeeded, but more than a second ago, asks the
  /// server. So it never waits behind writes.
  public func checkReadiness() async throws {
    let error = await withCheckedContinuation { continuation in
      checkReadiness { continuation.resume(returning: $0) }
    }
    if let error { throw error }
  }

  package func checkReadiness(completion: @escaping @Sendable (EventoError?) -> Void) {
    switch writer.health.verdict {
    case .healthy: completion(nil)
    case .unhealthy(let error): completion(error)
    case .unknown:
      connections.checkWritable(completion: completion)
    }
  }

  package func readFigures(
    slowest: Int, completion: @escaping @Sendable (Result<StoreFigures?, EventoError>) -> Void
  ) {
    connections.perform(.readPage, completion: completion) { session, _ in
      try SubscriberTable(connection: session.connection).figures(slowest: slowest)
    }
  }

  package var databaseServer: String? { writer.health.server }

  package var metrics: StoreMetrics? { writer.metrics }

  /// The signal of this store. It advances before a write of this executor returns, and soon after a commit by another.
  public var commits: CommitSignal? { announcer.signal }
}

extension EventoError {
  /// The error of a write that is larger than a message to the server can be.
  fileprivate static func tooLarge(_ bytes: Int) -> EventoError {
    EventoError(
      .contentTooLarge,
      "The write has about \(bytes) bytes, but PostgreSQL takes at most \(Parameters.maximumSize) at once. Write fewer events "
        + "at once.")
  }
}
