internal import Evento

/// The connections that read: some for short reads and some for long ones, so that a crowd of long reads holds up no
/// short one (a bulkhead), and both go on whatever comes in.
///
/// A read begins as a short one. If it costs more than short reads may (``ReadAllowance``), it is given up there, and run
/// from its beginning as a long one: how dear it is, nobody can tell beforehand.
final class Readers: Sendable {
  typealias Session = ReaderPool.Session
  typealias Completion<Value> = @Sendable (Result<Value, EventoError>) -> Void

  private let short: ReaderPool
  private let long: ReaderPool

  /// - Parameters:
  ///   - short: sessions of connections whose reads can be limited.
  ///   - long: may be the same sessions where there is one connection, as of a database in memory.
  init(short: [Session], long: [Session], turns: ReadTurns) {
    self.long = ReaderPool(long, turns: turns)
    self.short = ReaderPool(short, turns: turns, overflow: { [long = self.long] job in long.submit(job) })
  }

  /// Runs `body` in the caller's turn, unless its task is cancelled before.
  ///
  /// `body` is run again if it was too long for a short read.
  func perform<Value: Sendable>(
    _ body: @escaping @Sendable (Session) throws -> Value
  ) async throws(EventoError) -> Value {
    let cancellation = CancellationFlag()
    let result: Result<Value, EventoError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        perform(unless: { cancellation.isSet }, completion: { continuation.resume(returning: $0) }, body)
      }
    } onCancel: {
      cancellation.set()
    }
    return try result.get()
  }

  /// Runs `body` as above, and calls `completion`: on a connection's queue, or at once if this is closed.
  ///
  /// - Parameter mustDrop: returns whether the caller has stopped waiting. It is called before `body`.
  func perform<Value: Sendable>(
    unless mustDrop: @escaping @Sendable () -> Bool = { false }, completion: @escaping Completion<Value>,
    _ body: @escaping @Sendable (Session) throws -> Value
  ) {
    short.submit(ClosureJob(unless: mustDrop, completion: completion, body))
  }

  /// Refuses what comes from now on, finishes what waits, then closes the connections.
  func close() async {
    await short.close()
    // Short reads that turned out to be long are in its line by now.
    await long.close()
  }
}
