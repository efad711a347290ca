/// An executor that tells of a write's end by a call.
///
/// A task that waits costs two changes of thread for each write, as much as a small event's insert; whoever has a thread
/// of its own to come back to, as the gateway has, can do without.
package protocol CallbackWriter: Executor {
  /// Writes as ``ConditionalWriter/write(_:condition:)`` does.
  ///
  /// - Parameters:
  ///   - mustDrop: returns whether the caller has stopped waiting. A write that has not begun may then be refused as
  ///     `unavailable`.
  ///   - completion: called once, from the store's own thread or the caller's: it must not block.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void)
}

extension CallbackWriter {
  /// As ``write(_:condition:unless:completion:)``, for as long as the task is not cancelled.
  package func writeUnlessCancelled(
    _ events: [NewEvent], condition: WriteCondition?
  ) async throws(EventoError) -> WriteResult {
    let cancellation = CancellationFlag()
    let result: Result<WriteResult, EventoError> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        write(events, condition: condition, unless: { cancellation.isSet }) { continuation.resume(returning: $0) }
      }
    } onCancel: {
      cancellation.set()
    }
    return try result.get()
  }
}
