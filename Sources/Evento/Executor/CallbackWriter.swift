/// An executor that tells of a write's end by a call.
///
/// A task that waits costs two changes of thread for each write, as much as a small event's insert; whoever has a thread
/// of its own to come back to, as the gateway has, can do without.
package protocol CallbackWriter: Executor {
  /// Writes as ``ConditionalWriter/write(_:condition:)`` does.
  ///
  /// - Parameters:
  ///   - mustDrop: returns whether the caller has stopped waiting. A write whose condition has yet to be checked may then
  ///     be refused as `unavailable`. Every other write is done.
  ///   - completion: called once, from the store's own thread or the caller's: it must not block.
  func write(
    _ events: [NewEvent], condition: WriteCondition?, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<WriteResult, EventoError>) -> Void)
}
