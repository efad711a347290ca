/// Several stores as one: reads cover all of them, and writes go to the first.
///
/// Use it for a log that continues in a new store (the live store first, the earlier ones after it), or that is spread
/// over several stores.
///
/// | operation | goes to |
/// |---|---|
/// | `read` | all members, merged |
/// | `events(matching:routingKey:after:)`, `follow` | all members, merged |
/// | `event(_:)` | the members in turn, up to the one that has it |
/// | `write(_:condition:)` | the first, after the others have been read for the condition |
/// | `eraseAggregate(type:id:snapshotTypes:)` | all members that have events of the aggregate |
/// | `commits` | all members; `nil` if one of them has none |
/// | all others | the first |
///
/// ## Order and cursors
///
/// Events of one member come in the order of its commits. Events of different members are interleaved by timestamp, and
/// by the order of the members if timestamps are equal. A cursor of a group contains a position in each member, so a
/// reader continues in each of them exactly where it stopped: it sees every event once, also one that commits later
/// with an earlier timestamp, in any member. Therefore the order between members is the order in which a reader meets
/// them: two readers, or one that pages forward and one that pages backward, may see events of different members
/// interleaved differently if a clock went back or an event came late.
///
/// So the cursors of one event can differ from read to read, and a reader can continue from each. The cursor of an
/// event that was written or found by its id is at the beginning of all members except the event's own: a reader that
/// continues from it sees their events again, and skips none. Cursors of the first member are also cursors of the
/// group, with the same meaning.
///
/// ## Requirements for members
///
/// Each keeps its events forever and is the same store as long as the group is used. The order of the members is part
/// of every cursor. The history of one aggregate is within one member: the first member checks versions, ids and
/// routing keys against its own content. A condition is checked in the first in the transaction of the write, and in
/// the others just before it.
///
/// A subscriber and its cursor are kept in the first member. The positions of its cursor in the other members are kept
/// next to it, as a snapshot of the type ``subscriberSnapshotType``. If the process fails between the two writes of an
/// acknowledgement, events of the other members are handled again, and none is skipped.
public struct ExecutorGroup: Sendable {
  /// The members. The first one takes the writes.
  public let members: [any Executor]
  /// The signal of the commits in several members; `nil` if there is one member, or one that can't notice commits.
  private let relay: CommitRelay?

  /// The maximum number of members: as many as fit into a cursor, at 16 bytes each.
  public static let maximumMemberCount = 8

  /// - Parameter members: 1 … ``maximumMemberCount`` stores, the one that takes the writes first. A group among them is
  ///   replaced by its members.
  public init(_ members: [any Executor]) {
    let members = members.flatMap { ($0 as? ExecutorGroup)?.members ?? [$0] }
    requireUse(
      (1...Self.maximumMemberCount).contains(members.count),
      "an executor group must have 1 to \(Self.maximumMemberCount) members")
    self.members = members
    relay = members.count > 1 && members.allSatisfy { $0.commits != nil } ? CommitRelay(members) : nil
  }

  var first: any Executor { members[0] }

  /// The signal of a single member, or one that advances with the commits in any member.
  public var commits: CommitSignal? { members.count == 1 ? first.commits : relay?.signal }

  /// Calls some members at once.
  ///
  /// - Returns: The results, in the order of the members.
  func fromEach<T: Sendable>(
    of indices: some Sequence<Int>,
    _ body: @escaping @Sendable (Int, any Executor) async throws -> T
  ) async throws -> [T] {
    let results = await withTaskGroup(of: (Int, Result<T, any Error>).self) { group in
      for index in indices {
        let member = members[index]
        group.addTask {
          do {
            return (index, .success(try await body(index, member)))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var values: [T] = []
    for (_, result) in results.sorted(by: { $0.0 < $1.0 }) { values.append(try result.get()) }
    return values
  }
}

extension ExecutorGroup: Executor {
  @discardableResult
  public func write(_ events: [NewEvent]) async throws -> WriteResult {
    try grouped(try await first.write(events))
  }

  public func read(
    _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
  ) async throws -> ReadResult<Event> {
    if members.count == 1 { return try await first.read(aggregators, routingKey: routingKey, args: args) }
    try Args.check(aggregators, routingKey, args)
    let reading = GroupReading(group: self, aggregators: aggregators, routingKey: routingKey)
    switch args {
    case .forward(let count, let start): return try await reading.forward(count, start)
    case .backward(let count, let before): return try await reading.backward(count, before)
    }
  }

  public func getSubscriberCursor(_ key: String) async throws -> Cursor? {
    try await grouped(try await first.getSubscriberCursor(key), of: key)
  }

  public func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
    try await first.isSubscriberRunning(key, workerID: workerID)
  }

  @discardableResult
  public func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
    let upsert = try await first.upsertSubscriber(key, workerID: workerID)
    return SubscriberUpsert(subscriber: try await grouped(upsert.subscriber), isNew: upsert.isNew)
  }

  @discardableResult
  public func acknowledge(
    _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
  ) async throws -> Subscriber {
    guard members.count > 1 else {
      return try await first.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
    }
    return try await acknowledgeInEach(key, cursor: cursor, lag: lag, workerID: workerID)
  }

  public func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? {
    guard let snapshot = try await first.getSnapshot(key) else { return nil }
    return members.count == 1 ? snapshot : try unwrapped(snapshot)
  }

  public func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
    try await first.saveSnapshot(key, members.count == 1 ? snapshot : try await wrapped(snapshot))
  }

  public func deleteSnapshot(_ key: SnapshotKey) async throws {
    try await first.deleteSnapshot(key)
  }

  public func event(_ id: ULID) async throws -> Edge<Event>? {
    for (index, member) in members.enumerated() {
      guard let edge = try await member.event(id) else { continue }
      let position = GroupPosition(edge.cursor, in: index, of: members.count)
      return Edge(cursor: members.count == 1 ? edge.cursor : try position.cursor(), node: edge.node)
    }
    return nil
  }

  public func subscriber(_ key: String) async throws -> Subscriber? {
    guard let subscriber = try await first.subscriber(key) else { return nil }
    return try await grouped(subscriber)
  }

  /// - Complexity: Reads a snapshot for each subscriber of the page.
  public func subscribers(first count: Int, after key: String?) async throws -> SubscriberPage {
    var page = try await first.subscribers(first: count, after: key)
    for index in page.subscribers.indices {
      page.subscribers[index] = try await grouped(page.subscribers[index])
    }
    return page
  }

  @discardableResult
  public func setSubscriberEnabled(_ key: String, _ isEnabled: Bool) async throws -> Subscriber {
    try await grouped(try await first.setSubscriberEnabled(key, isEnabled))
  }

  public func deleteSubscriber(_ key: String) async throws {
    try await first.deleteSubscriber(key)
    try await resetPositions(key)
  }

  /// Checks the first member, which takes the writes.
  public func checkReadiness() async throws {
    try await first.checkReadiness()
  }

  /// Follows a single member, or reads the merged members whenever one of them has something new.
  public func events(
    matching aggregators: [ReadAggregator]?, routingKey: RoutingKey, after start: Args.Start
  ) -> EventSequence {
    members.count == 1
      ? first.events(matching: aggregators, routingKey: routingKey, after: start)
      : eventsByPages(matching: aggregators, routingKey: routingKey, after: start)
  }
}

extension ExecutorGroup {
  /// Writes events under a condition. It is checked in the first member in the transaction of the write, and in the
  /// others just before it: a commit in another member in between is not seen.
  @discardableResult
  public func write(_ events: [NewEvent], condition: WriteCondition?) async throws -> WriteResult {
    guard var condition else { return try await write(events) }
    guard members.count > 1 else { return try await first.write(events, condition: condition) }
    try NewEvent.check(events)
    try condition.check()
    var position: GroupPosition? = GroupPosition(memberCount: members.count)
    if let cursor = condition.after {
      let own = try await ownPosition(of: cursor)
      (position, condition.after) = (own?.position, own?.first ?? .nowhere)
    }
    if let position, try await hasMatch(condition.failIfEventsMatch, behind: position) {
      // The condition fails, but a resend succeeds under any condition: the first member recognizes it, and rejects a
      // new write because of its position.
      condition.after = .nowhere
      do {
        return try grouped(try await first.write(events, condition: condition))
      } catch let error as EventoError where error.code == .cursorNotInHistory {
        throw EventoError.conditionFailed()
      }
    }
    return try grouped(try await first.write(events, condition: condition))
  }

  /// Returns true if a member other than the first has a matching event after a position.
  private func hasMatch(
    _ aggregators: [ReadAggregator], behind position: GroupPosition
  ) async throws -> Bool {
    try await fromEach(of: members.indices.dropFirst()) { index, member throws in
      let start = position.cursors[index].map { Args.Start.after($0) } ?? .beginning
      let page = try await member.read(aggregators, routingKey: .all, args: .forward(first: 1, after: start))
      return !page.edges.isEmpty
    }.contains(true)
  }
}

// A snapshot is kept in the first member, with the first member's position as its cursor. State and cursor must never
// be separated, so the group's own cursor precedes the payload, in the same snapshot. A cursor without positions in the
// other members is kept unchanged, and so are snapshots that the first member already had.

extension ExecutorGroup {
  /// Neither JSON text nor UTF-8 begins with 0xFF.
  private static let mark: [UInt8] = [0xFF] + Array("EG".utf8) + [1]

  func wrapped(_ snapshot: Snapshot) async throws -> Snapshot {
    guard let own = try await ownPosition(of: snapshot.cursor) else {
      return Snapshot(data: snapshot.data, cursor: .nowhere)
    }
    let bytes = snapshot.data.bytes
    if own.first == snapshot.cursor, !bytes.starts(with: Self.mark) { return snapshot }
    let cursor = Array(snapshot.cursor.description.utf8)
    return Snapshot(data: Payload(Self.mark + [UInt8(cursor.count)] + cursor + bytes), cursor: own.first)
  }

  /// - Throws: `invalid_cursor` if the first member's snapshot is not one that a group could have written.
  func unwrapped(_ snapshot: Snapshot) throws -> Snapshot {
    var rest = snapshot.data.bytes[...]
    guard rest.starts(with: Self.mark), let length = rest.dropFirst(Self.mark.count).first else {
      return Snapshot(data: snapshot.data, cursor: try grouped(snapshot.cursor))
    }
    rest = rest.dropFirst(Self.mark.count + 1)
    let cursor = try Cursor(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
    return Snapshot(data: Payload(Array(rest.dropFirst(Int(length)))), cursor: cursor)
  }
}
