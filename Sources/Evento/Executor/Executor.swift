/// A store of events, which `evento` calls an executor.
///
/// An executor of your own needs only the first eight operations, those of `evento`. All others have a default. An
/// operation that a store does not support throws `not_implemented`.
///
/// Every operation throws only ``EventoError``, and so does everything else here unless its documentation says
/// otherwise. The signatures don't declare it: the compiler of Swift 6.3 crashes at a loop that catches a typed error
/// under a condition. If your executor throws another error, a gateway or subscription reports it as `internal`.
///
/// ```swift
/// for _ in 1...4 {
///   do {
///     return try await deposit.commit(to: store)
///   } catch let error as EventoError where error.isTransient {
///     try await Task.sleep(for: .milliseconds(100))
///   }
/// }
/// return try await deposit.commit(to: store)
/// ```
///
/// `unavailable` means that the store could not do the operation, or that its response was lost: a write may or may not
/// have been done. It is safe to send the same write again if every event has an id, and a retry makes sense if
/// ``EventoError/isTransient`` is true.
public protocol Executor: Sendable {
  /// Writes events: all of them, durably, or none.
  ///
  /// - Returns: The stored events, in the order given. If all events are already stored with the same content, those
  ///   are returned, and nothing is written.
  /// - Throws: `missing_data` if there are no events; `invalid_request` if one is invalid; `duplicate_event_id` if an
  ///   id is stored with other content, if only some ids are stored, or if one is given twice;
  ///   `invalid_original_version` if a version is not its aggregate's next one.
  @discardableResult
  func write(_ events: [NewEvent]) async throws -> WriteResult

  /// Reads one page of the events that match one of the aggregators (`nil`: all events; none: no event) and the routing
  /// key, in the order in which they were committed.
  ///
  /// - Throws: `invalid_request` if a filter or a number is out of range; `cursor_not_in_history` if the cursor is not
  ///   in this store's history.
  func read(_ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args) async throws
    -> ReadResult<Event>

  /// Returns a subscriber's position; `nil` at the beginning, and if the subscriber does not exist.
  func getSubscriberCursor(_ key: String) async throws -> Cursor?

  /// Returns true if this worker holds the subscriber and it is enabled, and false if the subscriber does not exist.
  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool

  /// Creates a subscriber held by this worker, or takes it over from another. Cursor, lag and `isEnabled` are kept.
  ///
  /// - Throws: `invalid_request` if the key is invalid.
  @discardableResult
  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert

  /// Stores a subscriber's position in the log.
  ///
  /// - Parameters:
  ///   - cursor: The last event that it has handled; `nil` sets it back to the beginning.
  ///   - lag: Its distance from the end of the log, in seconds, 0 … ``Subscriber/maximumLag``.
  ///   - workerID: If given, the acknowledgement counts only if this worker holds the subscriber.
  /// - Throws: `subscriber_not_found`; `subscriber_taken_over` if another worker holds it; `cursor_not_in_history`.
  @discardableResult
  func acknowledge(_ key: String, cursor: Cursor?, lag: Int, workerID: ULID?) async throws -> Subscriber

  /// Returns the snapshot of one revision of an aggregate's state, or `nil` if there is none.
  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot?

  /// Stores a snapshot, and replaces an earlier one of the same type, revision and id.
  ///
  /// - Throws: `invalid_request` if the key is invalid; `cursor_not_in_history`.
  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws

  // MARK: With a default

  /// Writes like ``write(_:)``, unless an event matches the condition. The check and the write are one transaction. A
  /// write that is already stored is a resend, whatever the condition.
  ///
  /// By default, only a write without a condition works.
  ///
  /// - Throws: The errors of ``write(_:)``; `condition_failed`; `cursor_not_in_history` for the condition's cursor.
  @discardableResult
  func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult

  /// Returns an event and its position in the log, or `nil` if there is no event with this id.
  ///
  /// By default, it throws `not_implemented`.
  func event(_ id: ULID) async throws -> Edge<Event>?

  /// Returns a subscriber, or `nil` if there is none with this key.
  ///
  /// By default, it throws `not_implemented`, as the next three do.
  func subscriber(_ key: String) async throws -> Subscriber?

  /// Returns one page of the subscribers, by key in byte order.
  ///
  /// - Parameters:
  ///   - first: The maximum number of subscribers on the page, 1 … 1000: ``SubscriberPage/countRange``.
  ///   - key: Only subscribers with greater keys are returned. A subscriber with this key need not exist; `nil` starts
  ///     at the beginning.
  /// - Throws: `invalid_request` if either is out of range or invalid.
  func subscribers(first: Int, after key: String?) async throws -> SubscriberPage

  /// Enables or disables a subscriber.
  ///
  /// - Throws: `subscriber_not_found`.
  @discardableResult
  func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber

  /// Deletes a subscriber.
  ///
  /// - Throws: `subscriber_not_found`.
  func deleteSubscriber(_ key: String) async throws

  /// Deletes a snapshot.
  ///
  /// By default, it throws `not_implemented`.
  ///
  /// - Throws: `snapshot_not_found`.
  func deleteSnapshot(_ key: SnapshotKey) async throws

  /// Erases the content of an aggregate: the payload and the metadata of its events, and the snapshots with its id that
  /// have one of some types. A reader sees all of it or nothing of it, because it is one transaction. Everything else of
  /// the events stays, with their positions: see ``Event/isErased``.
  ///
  /// When it returns, the bytes are no longer in the store's own files, as far as the store can control them. It is safe
  /// to call it again.
  ///
  /// By default, it throws `not_implemented`.
  ///
  /// - Parameter types: The types of the snapshots, at most ``ErasureResult/maximumSnapshotTypes``. One that is given
  ///   twice counts once.
  /// - Returns: The numbers of events and snapshots that this call has erased.
  /// - Throws: `invalid_request` if a name is invalid or there are too many types; `aggregator_not_found` if the
  ///   aggregate has no events, with nothing changed; `unavailable` if it is erased for every reader but the bytes are
  ///   still in a file, because another process reads it: call it again.
  @discardableResult
  func eraseAggregate(type: String, id: String, snapshotTypes types: [String]) async throws -> ErasureResult

  /// Checks if the store can currently accept writes.
  ///
  /// The default returns.
  ///
  /// - Throws: `unavailable`, with the reason, if it can't.
  func checkReadiness() async throws

  /// Advances with every commit to the store, by this executor or by another, before or soon after the commit's own
  /// result. It is the same signal every time.
  ///
  /// By default, and if the executor can't notice commits, it is `nil`. The property of your executor must have this
  /// optional type: one of type `CommitSignal` is another property, and is not used.
  var commits: CommitSignal? { get }

  /// Returns the matching events after a position: those that are stored, then those that commit, in the order of
  /// commit.
  ///
  /// The sequence throws the errors of ``read(_:routingKey:args:)`` when it is iterated.
  ///
  /// By default, it is ``eventsByPages(matching:routingKey:after:pollInterval:clock:)``.
  ///
  /// - Parameters:
  ///   - aggregators: The filters, of which one must match; `nil` for all events.
  ///   - routingKey: The partition of the log.
  ///   - start: The start position.
  func events(matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start) -> EventSequence
}

extension Executor {
  /// ``read(_:routingKey:args:)`` for all routing keys. The default is the first events of the whole log.
  public func read(
    _ aggregators: [ReadAggregator]? = nil, args: Args = .forward()
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: .all, args: args)
  }

  /// ``eraseAggregate(type:id:snapshotTypes:)`` without snapshots.
  @discardableResult
  public func eraseAggregate(type: String, id: String) async throws -> ErasureResult {
    try await eraseAggregate(type: type, id: id, snapshotTypes: [])
  }

  /// ``acknowledge(_:cursor:lag:workerID:)`` for any worker that holds the subscriber.
  @discardableResult
  public func acknowledge(_ key: String, cursor: Cursor?, lag: Int = 0) async throws -> Subscriber {
    try await acknowledge(key, cursor: cursor, lag: lag, workerID: nil)
  }
}
