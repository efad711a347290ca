/// An executor that tells of a snapshot by a call, for the reason that a ``CallbackWriter`` does.
package protocol CallbackSnapshotReader: Executor {
  /// Reads as ``Executor/getSnapshot(_:)`` does.
  ///
  /// - Parameters:
  ///   - mustDrop: returns whether the caller has stopped waiting. A read that has not begun is then dropped, with the
  ///     error `unavailable`.
  ///   - completion: called once, from the store's own thread or the caller's: it must not block.
  func getSnapshot(
    _ key: SnapshotKey, unless mustDrop: @escaping @Sendable () -> Bool,
    completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void)
}
