// Each of these throws `not_implemented` where the member that it goes to can't do it.

extension ExecutorGroup: ConditionalWriter {
  /// The condition is checked in the first member in the transaction of the write, and in the others just before it: what
  /// commits in another member meanwhile is not seen.
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    guard var condition else { return try await write(events) }
    let writer = try first.required((any ConditionalWriter).self, "write under a condition")
    guard members.count > 1 else { return try await writer.write(events, condition: condition) }
    try NewEvent.check(events)
    try condition.check()
    var place: GroupPlace? = GroupPlace(memberCount: members.count)
    if let cursor = condition.after {
      let own = try await ownPlace(of: cursor)
      (place, condition.after) = (own?.place, own?.first ?? .nowhere)
    }
    if let place, try await hasMatch(condition.failIfEventsMatch, behind: place) {
      // Nothing may be written any more, but a resend is one whatever the condition says: the first answers it, and
      // refuses a new write for its place.
      condition.after = .nowhere
      do {
        return try grouped(try await writer.write(events, condition: condition))
      } catch let error as EventoError where error.code == .cursorNotInHistory {
        throw EventoError.conditionFailed()
      }
    }
    return try grouped(try await writer.write(events, condition: condition))
  }

  /// Whether a member other than the first has an event behind a place that matches.
  private func hasMatch(
    _ aggregators: [ReadAggregator], behind place: GroupPlace
  ) async throws -> Bool {
    try await fromEach(of: members.indices.dropFirst()) { index, member throws in
      let start = place.places[index].map { Args.Start.after($0) } ?? .beginning
      let page = try await member.read(aggregators, routingKey: .all, args: .forward(first: 1, after: start))
      return !page.edges.isEmpty
    }.contains(true)
  }
}

extension ExecutorGroup: EventLookup {
  public func event(_ id: ULID) async throws -> Edge<Event>? {
    for (index, member) in members.enumerated() {
      let lookup = try member.required((any EventLookup).self, "find an event by its id")
      guard let edge = try await lookup.event(id) else { continue }
      let place = GroupPlace(edge.cursor, in: index, of: members.count)
      return Edge(cursor: members.count == 1 ? edge.cursor : try place.cursor(), node: edge.node)
    }
    return nil
  }
}

extension ExecutorGroup: SubscriberDirectory {
  private var directory: any SubscriberDirectory {
    get throws { try first.required((any SubscriberDirectory).self, "list subscribers") }
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    guard let subscriber = try await directory.subscriber(key) else { return nil }
    return try await grouped(subscriber)
  }

  /// - Complexity: a snapshot is read for each subscriber.
  /// - Complexity: a snapshot is read for each subscriber of the page.
  public func subscribers(first: Int, after key: String?) async throws -> SubscriberPage {
    var page = try await directory.subscribers(first: first, after: key)
    for index in page.subscribers.indices {
      page.subscribers[index] = try await grouped(page.subscribers[index])
    }
    return page
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try await grouped(try await directory.setSubscriberEnabled(key, isEnabled))
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await directory.deleteSubscriber(key)
    try await forgetPlaces(key)
  }
}

extension ExecutorGroup: SnapshotRemover {
  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await first.required((any SnapshotRemover).self, "delete snapshots").deleteSnapshot(key)
  }
}

extension ExecutorGroup: ReadinessReporter {
  /// Asks the first member, where it can tell whether it takes writes.
  public func checkReadiness() async throws {
    if let reporter = first as? any ReadinessReporter { try await reporter.checkReadiness() }
  }
}

extension ExecutorGroup: RelayingNotifier {
  package var sources: [any Executor] { members }
}

extension ExecutorGroup: EventFollower {
  /// Follows the one member there is, or reads the members merged, whenever one of them has something new.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    members.count == 1
      ? first.follow(aggregators, routingKey: routingKey, after: start)
      : eventsByPages(matching: aggregators, routingKey: routingKey, after: start)
  }
}
