package import Evento

/// The decision about a write, which is the same in every store.
package enum WriteDecision {
  /// All events are stored already, with the same content. It has the result of the first write.
  case resend([WrittenEvent])
  /// The events can be written.
  case accepted(AcceptedWrite)

  /// Decides about a write.
  ///
  /// - Throws: ``EventoError`` if the write is refused; the lookup's failure.
  package static func of(
    _ events: [NewEvent], _ condition: WriteCondition?, _ lookup: any LogLookup
  ) throws -> WriteDecision {
    let duplicate: EventoError?
    switch try ResendCheck(lookup).outcome(of: events) {
    case .resend(let stored): return .resend(stored)
    case .new: duplicate = nil
    case .duplicate(let error): duplicate = error
    }
    // A cursor of another history is reported before other errors of the write.
    let start = try condition?.after.map { try lookup.position(of: $0) } ?? 0
    if let duplicate { throw duplicate }

    var versions = VersionCheck(lookup)
    var assignedVersions: [AcceptedWrite.AssignedVersion] = []
    assignedVersions.reserveCapacity(events.count)
    // Borrowed: copying an event would retain and release each of its members.
    for index in events.indices { assignedVersions.append(try versions.assign(to: events.span[index])) }
    if let condition, try lookup.hasMatch(condition, after: start) { throw EventoError.conditionFailed() }
    return .accepted(AcceptedWrite(assignedVersions: assignedVersions, heads: versions.heads))
  }
}

/// The versions and routing keys of events that can be written.
package struct AcceptedWrite {
  /// The version and routing key of an event.
  package struct AssignedVersion {
    /// The index of its aggregate in ``AcceptedWrite/heads``.
    package let head: Int
    package let version: Int
    package let routingKey: String?
  }

  /// An aggregate of the write.
  package struct Head {
    package let key: AggregateKey
    /// The row of the aggregate; `nil` if it is not stored yet.
    package var aggregate: Int64?
    let storedVersion: Int
    /// The version after the events of the write.
    package internal(set) var version: Int
    package internal(set) var routingKey: String?

    init(_ key: AggregateKey, _ stored: AggregateHead?) {
      self.key = key
      aggregate = stored?.aggregate
      storedVersion = stored?.version ?? 0
      version = storedVersion
      routingKey = stored?.routingKey
    }
  }

  /// One for each event, in their order.
  package let assignedVersions: [AssignedVersion]
  package let heads: [Head]
}
