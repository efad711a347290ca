// What an executor may be able to do beyond the eight operations: a protocol each, so that ``Executor`` stays as small
// as `evento` has it. A gateway answers `not_implemented` where its executor lacks one.

/// Writes only if nothing that a decision rests on has changed since.
public protocol ConditionalWriter: Executor {
  /// ``Executor/write(_:)`` under a condition, both checked and done in one transaction. What is already stored is a
  /// resend, whatever the condition says.
  ///
  /// - Throws: what ``Executor/write(_:)`` throws; `condition_failed`; `cursor_not_in_history` for the condition's
  ///   cursor.
  @discardableResult
  func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult
}

/// What must not have been written since.
public struct WriteCondition: Sendable, Equatable {
  /// Filters, 1 … ``ReadAggregator/maximumCount``. An event that matches one of them fails the write.
  public var failIfEventsMatch: [ReadAggregator]
  /// Only events behind this place count; left out: all.
  public var after: Cursor?

  public init(failIfEventsMatch: [ReadAggregator], after: Cursor? = nil) {
    self.failIfEventsMatch = failIfEventsMatch
    self.after = after
  }

  /// Checks the form.
  ///
  /// - Throws: `invalid_request` where there are no filters, or too many, or one is out of form.
  public func check() throws {
    let counts = 1...ReadAggregator.maximumCount
    guard counts.contains(failIfEventsMatch.count) else {
      throw EventoError(
        .invalidRequest,
        "A condition takes \(counts.lowerBound) to \(counts.upperBound) filters, but has \(failIfEventsMatch.count).")
    }
    try ReadAggregator.check(failIfEventsMatch)
  }
}

/// Finds an event by its id.
public protocol EventLookup: Executor {
  /// The event and its place, or `nil` where there is none.
  func event(_ id: ULID) async throws -> Edge<Event>?
}

/// Shows and manages the subscribers of a store.
public protocol SubscriberDirectory: Executor {
  /// The subscriber, or `nil` where there is none.
  func subscriber(_ key: String) async throws -> Subscriber?

  /// Returns one page of the subscribers, by key in byte order.
  ///
  /// - Parameters:
  ///   - first: maximum number of subscribers on the page, 1 … 1000: ``SubscriberPage/countRange``.
  ///   - key: only subscribers with greater keys are returned. There need be no subscriber of this key; `nil` starts at
  ///     the beginning.
  /// - Throws: `invalid_request` if either is out of range or form.
  func subscribers(first: Int, after key: String?) async throws -> SubscriberPage

  /// - Throws: `subscriber_not_found`.
  @discardableResult
  func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber

  /// - Throws: `subscriber_not_found`.
  func deleteSubscriber(_ key: String) async throws
}

/// Drops snapshots.
public protocol SnapshotRemover: Executor {
  /// - Throws: `snapshot_not_found`.
  func deleteSnapshot(_ key: SnapshotKey) async throws
}

/// Tells whether a store can take writes just now.
public protocol ReadinessReporter: Executor {
  /// - Throws: `unavailable`, with the reason, where it can't.
  func checkReadiness() async throws
}
