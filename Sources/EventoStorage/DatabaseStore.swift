package import Evento

/// A store with a database: what a command needs of it beyond the operations of an executor.
package protocol DatabaseStore: Executor {
  /// True if the store was created when it was opened.
  var isNew: Bool { get }

  /// Returns the number of stored events.
  func eventCount() async throws -> Int

  /// Counts what the store has. It takes time in proportion to the log.
  func statistics() async throws -> StoreStatistics

  /// Refuses writes that have not begun, and all later ones, as `unavailable`. Reads continue.
  func refuseWrites()

  /// Completes the calls in flight and closes the database. Later calls throw `unavailable`.
  func close() async

  // MARK: For a copy of the store

  /// Returns a page of the snapshots, by type, revision and id in byte order.
  ///
  /// - Parameters:
  ///   - first: The maximum number of snapshots. The page has fewer if their size passes the limit of a page of events;
  ///     a larger snapshot is returned alone.
  ///   - key: The key after which the page begins, which need not exist; `nil` for the first page.
  func snapshots(first: Int, after key: SnapshotKey?) async throws -> SnapshotPage

  /// Erases the content of the events at some positions, in one transaction, because it was erased in the store that they
  /// were copied from.
  func eraseEvents(at positions: [Int]) async throws

  /// Stores subscribers of another store as they are, in one transaction, and replaces those with the same keys. The
  /// cursor of each is replaced by this store's one at the same position.
  ///
  /// - Throws: `cursor_not_in_history` if this log has no such position, with nothing stored.
  func importSubscribers(_ subscribers: [Subscriber]) async throws

  /// Stores snapshots of another store as they are, like ``importSubscribers(_:)``.
  func importSnapshots(_ snapshots: [KeyedSnapshot]) async throws
}

/// A snapshot with its key.
package struct KeyedSnapshot: Sendable, Equatable {
  package let key: SnapshotKey
  package let snapshot: Snapshot

  package init(key: SnapshotKey, snapshot: Snapshot) {
    self.key = key
    self.snapshot = snapshot
  }
}

/// One page of the snapshots of a store.
package struct SnapshotPage: Sendable, Equatable {
  package let snapshots: [KeyedSnapshot]
  /// True if the store has snapshots with greater keys than the last of these. A page for which this is true is never
  /// empty.
  package let hasNextPage: Bool

  package init(snapshots: [KeyedSnapshot], hasNextPage: Bool) {
    self.snapshots = snapshots
    self.hasNextPage = hasNextPage
  }
}
