// A subscriber is kept in the first member, with the first member's position as its cursor. The group's own cursor,
// with the positions in the other members, is kept next to it as a snapshot, at the same position. It counts for the
// others only, and only while the subscriber has a cursor: a subscriber without one is at the beginning of every
// member.

extension ExecutorGroup {
  /// The type of the snapshots in which the first member keeps the cursors of subscribers; their id is the subscriber's
  /// key.
  public static let subscriberSnapshotType = "evento/ExecutorGroup"

  private static func subscriberSnapshotKey(_ key: String) -> SnapshotKey {
    SnapshotKey(type: subscriberSnapshotType, revision: "subscriber", id: key)
  }

  /// Acknowledges in the first member, then stores the positions of the others.
  ///
  /// In this order, because a worker that no longer holds the subscriber must not change anything. If the second step
  /// fails, the others keep the positions of the previous acknowledgement, and their events are handled again.
  func acknowledgeInEach(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    guard let cursor else {
      let subscriber = try await first.acknowledge(key, cursor: nil, lag: lag, workerID: workerID)
      try await resetPositions(key)
      return subscriber
    }
    guard let position = try await ownPosition(of: cursor) else {
      // The first member rejects it, after the checks that come before the one of the cursor.
      return try await first.acknowledge(key, cursor: .nowhere, lag: lag, workerID: workerID)
    }
    try Subscriber.check(key: key)
    // Positions of an earlier subscriber with this key must not come back with the new cursor.
    if try await first.getSubscriberCursor(key) == nil { try await resetPositions(key) }
    let subscriber = try await first.acknowledge(key, cursor: position.first, lag: lag, workerID: workerID)
    try await savePositions(key, Snapshot(data: Payload(cursor.description), cursor: position.first))
    return subscriber.at(cursor)
  }

  private func savePositions(_ key: String, _ snapshot: Snapshot) async throws {
    try await first.saveSnapshot(Self.subscriberSnapshotKey(key), snapshot)
  }

  /// Sets a subscriber's positions in the others back to the beginning.
  func resetPositions(_ key: String) async throws {
    guard members.count > 1, let kept = try await first.getSnapshot(Self.subscriberSnapshotKey(key)) else { return }
    try await savePositions(key, Snapshot(data: Payload(try grouped(kept.cursor).description), cursor: kept.cursor))
  }

  // MARK: From the first member's subscribers to the group's

  func grouped(_ subscriber: Subscriber) async throws -> Subscriber {
    subscriber.at(try await grouped(subscriber.cursor, of: subscriber.key))
  }

  /// Returns the group's cursor of a subscriber that has this cursor in the first member.
  func grouped(_ cursor: Cursor?, of key: String) async throws -> Cursor? {
    guard members.count > 1, let cursor else { return cursor }
    guard let kept = try await first.getSnapshot(Self.subscriberSnapshotKey(key)), let text = kept.data.text else {
      return try grouped(cursor)
    }
    let whole = try Cursor(text)
    if kept.cursor == cursor { return whole }
    var position = try GroupPosition(whole, memberCount: members.count)
    position.cursors[0] = cursor
    position.owner = nil
    return try position.cursor()
  }
}

extension Subscriber {
  fileprivate func at(_ cursor: Cursor?) -> Subscriber {
    Subscriber(
      key: key, workerID: workerID, cursor: cursor, lag: lag, isEnabled: isEnabled, createdAt: createdAt,
      updatedAt: updatedAt)
  }
}
