/// An executor that tells of a write's end by a call.
///
/// A task that waits costs two changes of thread for each write, as much as a small event's insert; whoever has a thread
/// of its own to come back to, as the gateway has, can do without.
package protocol CallbackWriter: Executor {
  /// Writes as ``ConditionalWriter/write(_:condition:)`` does.
  ///
  /// - Parameter completion: called once, from the store's own thread or the caller's: it must not block.
  func write(
    _ events: [NewEvent], condition: WriteCondition?,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void)
}
