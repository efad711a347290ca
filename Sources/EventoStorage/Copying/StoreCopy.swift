internal import Evento

/// A copy of a store into another one, of the same or another engine.
///
/// Events keep all their values and their positions. Subscribers and snapshots keep theirs, except that their cursors
/// become those of the target at the same positions. The target ends up with the subscribers and snapshots of the source
/// and no others.
///
/// A copy that was cut short continues when it is run again, and one that is complete gets what the source has added
/// since. For that, the events of the target must be the first ones of the source.
///
/// Other processes may write to the source, but not to the target. What is copied is at least what the source has at the
/// start: if a subscriber has moved on meanwhile, the events up to its position are copied too.
package struct StoreCopy: Sendable {
  /// One of the two stores.
  package struct End: Sendable {
    let store: any DatabaseStore
    /// The name in errors.
    let name: String

    package init(_ store: any DatabaseStore, name: String) {
      self.store = store
      self.name = name
    }
  }

  /// The content of the target after a copy.
  package struct Result: Sendable, Equatable {
    package let events: Int
    /// The number of events that were in the target before.
    package let presentEvents: Int
    package let subscribers: Int
    package let snapshots: Int

    package init(events: Int, presentEvents: Int, subscribers: Int, snapshots: Int) {
      self.events = events
      self.presentEvents = presentEvents
      self.subscribers = subscribers
      self.snapshots = snapshots
    }
  }

  let source: End
  let target: End
  private let progress: @Sendable (Double) -> Void

  /// - Parameter progress: Called after each page with the completed fraction, 0 to 1.
  package init(from source: End, to target: End, progress: @escaping @Sendable (Double) -> Void = { _ in }) {
    self.source = source
    self.target = target
    self.progress = progress
  }

  /// Copies, then compares the copy with the source.
  ///
  /// At any time, two pages of events, or of snapshots, are in memory.
  ///
  /// - Throws: `invalid_request` if the target has other events than the source, or both are the same store; `internal`
  ///   if the copy differs from the source; an error of either store; `CancellationError`. Run it again after all of
  ///   them except the first two.
  package func run() async throws -> Result {
    try await checkIsAnotherStore()
    var log = try await LogCopy(from: source, to: target)
    let present = log.count
    let end = try await source.store.eventCount()
    // Copying is one half of the work, and comparing the other.
    let report = { @Sendable [progress] (done: Int) in progress(end > 0 ? Double(done) / Double(2 * end) : 1) }
    try await log.extend(to: end, progress: report)
    let subscribers = try await copyRows(of: Subscriber.self, &log)
    let snapshots = try await copyRows(of: KeyedSnapshot.self, &log)
    try await log.verify { [end] verified in report(end + verified) }
    return Result(events: log.count, presentEvents: present, subscribers: subscribers, snapshots: snapshots)
  }

  /// A copy of a store into itself would change it while it is read. Each store draws the commit ID of its beginning
  /// when it is created, so the same one means the same database, whatever it is called, or a backup of it.
  private func checkIsAnotherStore() async throws {
    let beginning = Args.forward(first: 0, after: .beginning)
    async let first = source.store.read(nil, routingKey: .all, args: beginning)
    async let second = target.store.read(nil, routingKey: .all, args: beginning)
    guard try await first.pageInfo.endCursor != second.pageInfo.endCursor else {
      throw EventoError(
        .invalidRequest,
        """
        \(source.name) and \(target.name) are the same store, or one is a backup of the other. Copy to another database.
        """)
    }
  }
}
