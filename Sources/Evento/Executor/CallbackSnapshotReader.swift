/// An executor that tells of a snapshot by a call, for the reason that a ``CallbackWriter`` does.
package protocol CallbackSnapshotReader: Executor {
  /// Reads as ``Executor/getSnapshot(_:)`` does.
  ///
  /// - Parameter completion: called once, from the store's own thread or the caller's: it must not block.
  func getSnapshot(
    _ key: SnapshotKey, completion: @escaping @Sendable (Result<Snapshot?, EventoError>) -> Void)
}
