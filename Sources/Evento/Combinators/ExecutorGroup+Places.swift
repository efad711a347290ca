extension ExecutorGroup {
  /// A place in the first member that goes with one in the others.
  struct OwnPlace {
    /// In the first member.
    let first: Cursor
    let place: GroupPlace
  }

  /// What a cursor says about the first member; `nil` where it is not of the history of every member, or not known yet to
  /// be of the first's.
  func ownPlace(of cursor: Cursor) async throws -> OwnPlace? {
    do {
      let place = try GroupPlace(cursor, memberCount: members.count)
      _ = try await fromEach(of: members.indices.dropFirst()) { index, member throws in
        guard let cursor = place.places[index] else { return }
        _ = try await member.read([], routingKey: .all, args: .forward(first: 0, after: .after(cursor)))
      }
      if let own = place.places[0] { return OwnPlace(first: own, place: place) }
      let page = try await first.read([], routingKey: .all, args: .forward(first: 0))
      guard let own = page.pageInfo.endCursor else { return nil }
      return OwnPlace(first: own, place: place)
    } catch let error as EventoError where error.code == .cursorNotInHistory {
      return nil
    }
  }

  // MARK: From the first member's cursors to the group's

  func grouped(_ cursor: Cursor) throws -> Cursor {
    try GroupPlace(cursor, in: 0, of: members.count).cursor()
  }

  func grouped(_ result: WriteResult) throws -> WriteResult {
    guard members.count > 1 else { return result }
    var events: [WrittenEvent] = []
    events.reserveCapacity(result.events.count)
    for event in result.events {
      events.append(
        WrittenEvent(
          id: event.id, aggregatorType: event.aggregatorType, aggregatorID: event.aggregatorID, version: event.version,
          routingKey: event.routingKey, timestamp: event.timestamp, cursor: try grouped(event.cursor)))
    }
    return WriteResult(events: events, isResend: result.isResend)
  }
}

extension Cursor {
  /// Of no member's history: what is handed to the first member for it to refuse.
  static var nowhere: Cursor { GroupPlace.nowhere }
}
