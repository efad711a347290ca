internal import Evento

/// The connections that read: some for short reads and some for long ones, so that many long reads do not delay short
/// ones (a bulkhead).
///
/// A read begins as a short one, because its cost is not known in advance. If it costs more than short reads may
/// (``ReadAllowance``), it is stopped, and run again from its beginning as a long one.
final class Readers: Sendable {
  typealias Session = ReaderPool.Session
  typealias Completion<Value> = @Sendable (Result<Value, EventoError>) -> Void

  private let short: ReaderPool
  private let long: ReaderPool

  /// - Parameters:
  ///   - short: Sessions of connections whose reads can be limited.
  ///   - long: Sessions for long reads. They may be the same if there is only one connection, as for a database in
  ///     memory.
  init(short: [Session], long: [Session], turns: ReadTurns) {
    self.long = ReaderPool(long, turns: turns)
    self.short = ReaderPool(short, turns: turns, overflow: { [long = self.long] job in long.submit(job) })
  }

  /// Runs `body` when a connection is free, unless the caller's task is cancelled before that.
  ///
  /// `body` runs again if it was too long for a short read.
  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Session) throws -> Value
  ) async throws(EventoError) -> Value {
    try await withCompletion { isCancelled, completion in perform(unless: isCancelled, completion: completion, body) }
  }

  /// Runs `body` like ``perform(_:)``, and calls `completion`: on a connection's queue, or at once if this is closed.
  ///
  /// - Parameter isCancelled: Returns whether the caller has stopped waiting. It is called before `body`.
  func perform<Value: Sendable>(
    unless isCancelled: @escaping @Sendable () -> Bool = { false }, completion: @escaping Completion<Value>,
    _ body: @escaping @Sendable (Session) throws -> Value
  ) {
    short.submit(ClosureJob(unless: isCancelled, completion: completion, body))
  }

  /// Refuses new reads, completes the waiting ones, then closes the connections.
  func close() async {
    await short.close()
    // Short reads that turned out to be long are in its queue by now.
    await long.close()
  }
}
