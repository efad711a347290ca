/// An import into a store.
///
/// A whole log makes the same log: the target must be empty, or have the first events of the source, from an earlier
/// run. The events of a part of a log are added to those of the target, except those that it has already. So each event
/// is stored once, however often the import is run.
package struct LogImport: Sendable {
  private let source: any ImportSource
  private let contents: ImportContents
  private let target: ImportTarget
  private let importsRows: Bool

  /// The numbers of an import.
  package struct Result: Sendable, Equatable {
    /// The events of the source.
    package var events = 0
    /// The events that were in the target before.
    package var presentEvents = 0
    package var subscribers = 0
    package var snapshots = 0

    package init(events: Int = 0, presentEvents: Int = 0, subscribers: Int = 0, snapshots: Int = 0) {
      self.events = events
      self.presentEvents = presentEvents
      self.subscribers = subscribers
      self.snapshots = snapshots
    }
  }

  /// - Parameters:
  ///   - contents: The contents of the source.
  ///   - importsRows: True to import subscribers and snapshots too.
  package init(
    from source: any ImportSource, _ contents: ImportContents, into target: ImportTarget, withRows importsRows: Bool
  ) {
    self.source = source
    self.contents = contents
    self.target = target
    self.importsRows = importsRows
  }

  /// Reads the source to its end. The next batch is read while one is written.
  ///
  /// - Parameter progress: Called after each batch with the completed fraction, 0 to 1, if it is known.
  /// - Throws: `invalid_request` if the source is incomplete or was altered, or the target has other events; an error of
  ///   the target. Everything before the error is stored, and another run continues there.
  package func run(progress: (Double) -> Void = { _ in }) async throws -> Result {
    let source = source
    guard !importsRows || contents.hasRows else { throw target.noRows }
    var log = ImportedLog(into: target, isWhole: contents.isWhole)
    var result = Result()
    var next = try await source.nextBatch()
    while true {
      try Task.checkCancellation()
      let batch = next
      async let following = batch.isLast ? batch : source.nextBatch()
      try await log.add(batch.events)
      if importsRows, batch.count > batch.events.count {
        try await log.checkIsAtEnd()
        try await target.put(batch.subscribers)
        try await target.put(batch.snapshots)
        result.subscribers += batch.subscribers.count
        result.snapshots += batch.snapshots.count
      }
      if let fraction = batch.progress { progress(fraction) }
      next = try await following
      if batch.isLast { break }
    }
    try await log.checkIsAtEnd()
    (result.events, result.presentEvents) = (log.count, log.presentCount)
    return result
  }
}
