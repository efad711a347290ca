/// A store of events: what `evento` calls an executor.
///
/// An executor of your own needs the first eight operations, those of `evento`, and nothing else. All others have a
/// default. An operation that a store does not have throws `not_implemented`.
///
/// Every operation throws ``EventoError`` alone, and so does all else here that doesn't say otherwise. It is not in the
/// signatures: the compiler of Swift 6.3 crashes at a loop that catches a typed error under a condition. If your executor
/// throws another error, a gateway or subscription reports it as `internal`.
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
/// `unavailable` means that the store could not do it, or that its answer
/// was lost: of a write nobody knows whether it was done. To send the same again is safe wherever every event carries an
/// id, and makes sense where ``EventoError/isTransient`` is true.
public protocol Executor: Sendable {
  /// Writes events: all of them, durably, or none.
  ///
  /// - Returns: what was stored, in the order given. Where all events are already stored with the same content, what was
  ///   stored then; nothing is written again.
  /// - Throws: `missing_data` where there are none; `invalid_request` where one is out of form; `duplicate_event_id`
  ///   where an id is stored with other content, or only some are stored, or one is given twice;
  ///   `invalid_original_version` where a version is not its aggregate's next one.
  @discardableResult
  func write(_ events: [NewEvent]) async throws -> WriteResult

  /// Reads one page of the events that match one of the aggregators (`nil`: all events; none: no event) and the
  /// routing key, in the order in which they were committed.
  ///
  /// - Throws: `invalid_request` where a filter or a number is out of range; `cursor_not_in_history` where the cursor is
  ///   not of this store's history.
  func read(_ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args) async throws
    -> ReadResult<Event>

  /// Where a subscriber got to; `nil` at the beginning, and where there is no such subscriber.
  func getSubscriberCursor(_ key: String) async throws -> Cursor?

  /// Whether this worker holds the subscriber and it is enabled; `false` also where there is no such subscriber.
  func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool

  /// Creates a subscriber held by this worker, or takes it over from another. Cursor, lag and `isEnabled` are kept.
  ///
  /// - Throws: `invalid_request` where the key is out of form.
  @discardableResult
  func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert

  /// Remembers how far a subscriber got.
  ///
  /// - Parameters:
  ///   - cursor: the last event that it has dealt with; `nil` sends it back to the beginning.
  ///   - lag: how far behind the log it is, in seconds, 0 … ``Subscriber/maximumLag``.
  ///   - workerID: given, the acknowledgement counts only where this worker holds the subscriber.
  /// - Throws: `subscriber_not_found`; `subscriber_taken_over` where another worker holds it;
  ///   `cursor_not_in_history`.
  @discardableResult
  func acknowledge(_ key: String, cursor: Cursor?, lag: Int, workerID: ULID?) async throws -> Subscriber

  /// The snapshot of one revision of an aggregate's state, or `nil` where there is none.
  func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot?

  /// Keeps a snapshot, in place of an earlier one of the same type, revision and id.
  ///
  /// - Throws: `invalid_request` where the key is out of form; `cursor_not_in_history`.
  func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws

  // MARK: With a default

  /// Writes as ``write(_:)`` does, unless an event matches the condition. The check and the write are one transaction. A
  /// write that is already stored is a resend, whatever the condition.
  ///
  /// By default, only a write without a condition works.
  ///
  /// - Throws: what ``write(_:)`` throws; `condition_failed`; `cursor_not_in_history` for the condition's cursor.
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
  ///   - first: maximum number of subscribers on the page, 1 … 1000: ``SubscriberPage/countRange``.
  ///   - key: only subscribers with greater keys are returned. There need be no subscriber of this key; `nil` starts at
  ///     the beginning.
  /// - Throws: `invalid_request` if either is out of range or form.
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

  /// Checks whether the store can take writes at this moment.
  ///
  /// By default, it returns.
  ///
  /// - Throws: `unavailable`, with the reason, if it can't.
  func checkReadiness() async throws

  /// Advances with every commit to the store, by this executor or by another, before or soon after the commit's own
  /// result. It is the same signal every time.
  ///
  /// By default, and if the executor can't notice commits, it is `nil`. The property of your executor must have this
  /// optional type: one of type `CommitSignal` is another property, and is not used.
  var commits: CommitSignal? { get }

  /// Returns the matching events after a position: those that are stored, then those that commit, in the order of commit.
  ///
  /// The sequence throws what ``read(_:routingKey:args:)`` throws, when it is iterated.
  ///
  /// By default, it is ``eventsByPages(matching:routingKey:after:pollInterval:clock:)``.
  ///
  /// - Parameters:
  ///   - aggregators: filters, of which one has to match; `nil`: all events.
  ///   - routingKey: the partition of the log.
  ///   - start: where to begin.
  func events(matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start) -> EventSequence
}

extension Executor {
  /// ``read(_:routingKey:args:)`` whatever the routing key; where nothing is said, the first events of all.
  public func read(
    _ aggregators: [ReadAggregator]? = nil, args: Args = .forward()
  ) async throws -> ReadResult<Event> {
    try await read(aggregators, routingKey: .all, args: args)
  }

  /// ``acknowledge(_:cursor:lag:workerID:)`` for whichever worker holds the subscriber.
  @discardableResult
  public func acknowledge(_ key: String, cursor: Cursor?, lag: Int = 0) async throws -> Subscriber {
    try await acknowledge(key, cursor: cursor, lag: lag, workerID: nil)
  }
}
