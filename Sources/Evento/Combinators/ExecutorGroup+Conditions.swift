extension ExecutorGroup {
  /// The condition is checked in the first member in the transaction of the write, and in the others just before it: what
  /// commits in another member meanwhile is not seen.
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    guard var condition else { return try await write(events) }
    guard members.count > 1 else { return try await first.write(events, condition: condition) }
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
        return try grouped(try await first.write(events, condition: condition))
      } catch let error as EventoError where error.code == .cursorNotInHistory {
        throw EventoError.conditionFailed()
      }
    }
    return try grouped(try await first.write(events, condition: condition))
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
