/// A position in the history of a group: one in that of each member.
struct GroupPosition: Sendable {
  /// The position up to which each member has been read; `nil` at its beginning.
  var cursors: [Cursor?]
  /// The member whose event is at this position; `nil` if it is not the position of an event.
  ///
  /// The events before it are, in its own member, those that precede it there, and in each other member all up to its
  /// position, including the event at that position.
  var owner: Int?

  /// Creates the position at the beginning of each member.
  init(memberCount: Int) {
    cursors = Array(repeating: nil, count: memberCount)
  }

  init(_ cursors: [Cursor?], owner: Int? = nil) {
    self.cursors = cursors
    self.owner = owner
  }

  /// Creates the position of an event that was found in one member only, without positions in the others.
  init(_ cursor: Cursor, in member: Int, of memberCount: Int) {
    self.init(memberCount: memberCount)
    cursors[member] = cursor
    owner = member
  }

  // MARK: As a cursor

  /// `EG` for "executor group", and the version of the form.
  private static let mark: [UInt8] = [0x45, 0x47, 1]
  private static let noOwner: UInt8 = 0xFF

  /// Reads a cursor of a group. A cursor that no group made is the first member's own, so a store that becomes the
  /// first member of a group keeps the cursors that it returned before.
  ///
  /// - Throws: `cursor_not_in_history` if it is of a group with another number of members.
  init(_ cursor: Cursor, memberCount: Int) throws(EventoError) {
    let bytes = cursor.content
    guard bytes.starts(with: Self.mark) else {
      self.init(cursor, in: 0, of: memberCount)
      return
    }
    var rest = bytes.dropFirst(Self.mark.count)
    guard let owner = rest.popFirst(), owner == Self.noOwner || owner < memberCount else {
      throw EventoError.cursorNotInHistory()
    }
    var cursors: [Cursor?] = []
    while let length = rest.popFirst() {
      guard length <= rest.count else { throw EventoError.cursorNotInHistory() }
      cursors.append(length == 0 ? nil : Cursor(content: Array(rest.prefix(Int(length)))))
      rest = rest.dropFirst(Int(length))
    }
    guard cursors.count == memberCount else { throw EventoError.cursorNotInHistory() }
    self.init(cursors, owner: owner == Self.noOwner ? nil : Int(owner))
  }

  /// - Throws: `internal` if the members' positions are too long for one cursor.
  func cursor() throws(EventoError) -> Cursor {
    if let first = cursors[0], cursors.dropFirst().allSatisfy({ $0 == nil }), !first.content.starts(with: Self.mark) {
      return first
    }
    var bytes = Self.mark
    bytes.append(owner.map(UInt8.init) ?? Self.noOwner)
    for cursor in cursors {
      let content = cursor?.content ?? []
      bytes.append(UInt8(content.count))
      bytes += content
    }
    guard bytes.count <= Cursor.maximumContentLength else {
      throw EventoError(
        .internal,
        "The positions of \(cursors.count) members take \(bytes.count) bytes, but a cursor holds at most "
          + "\(Cursor.maximumContentLength). Use fewer members.")
    }
    return Cursor(content: bytes)
  }

  /// A valid cursor that is not in any member's history.
  static let nowhere = Cursor(content: mark + [noOwner])
}

extension ExecutorGroup {
  /// A position in the first member, and the corresponding positions in the others.
  struct OwnPosition {
    /// The position in the first member.
    let first: Cursor
    let position: GroupPosition
  }

  /// Returns a cursor's position in the first member; `nil` if it is not in the history of every member, or not known
  /// yet to be in the first's.
  func ownPosition(of cursor: Cursor) async throws -> OwnPosition? {
    do {
      let position = try GroupPosition(cursor, memberCount: members.count)
      _ = try await fromEach(of: members.indices.dropFirst()) { index, member throws in
        guard let cursor = position.cursors[index] else { return }
        _ = try await member.read([], routingKey: .all, args: .forward(first: 0, after: .after(cursor)))
      }
      if let own = position.cursors[0] { return OwnPosition(first: own, position: position) }
      let page = try await first.read([], routingKey: .all, args: .forward(first: 0))
      guard let own = page.pageInfo.endCursor else { return nil }
      return OwnPosition(first: own, position: position)
    } catch let error as EventoError where error.code == .cursorNotInHistory {
      return nil
    }
  }

  // MARK: From the first member's cursors to the group's

  func grouped(_ cursor: Cursor) throws -> Cursor {
    try GroupPosition(cursor, in: 0, of: members.count).cursor()
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
  /// A cursor that is not in any member's history, for the first member to reject.
  static var nowhere: Cursor { GroupPosition.nowhere }
}
