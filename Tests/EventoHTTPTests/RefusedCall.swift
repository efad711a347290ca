import Evento

/// Calls that a store refuses, each for a reason of its own.
enum RefusedCall: CaseIterable {
  case noEvents, wrongVersion, wrongFirstVersion, takenID, mixedVersions, badName, condition, foreignCondition
  case foreignCursor, tooManyEvents, tooManyFilters, unknownSubscriber, foreignAcknowledgement, negativeLag
  case takenOver, enablingNobody, deletingNobody, deletingNoSnapshot, foreignSnapshot

  /// - Parameters:
  ///   - id: of the one event that is stored.
  ///   - foreign: a cursor of another store.
  func make(on executor: any Executor, _ id: ULID, _ foreign: Cursor) async throws {
    let key = SnapshotKey(type: "t", revision: "r", id: "i")
    switch self {
    case .noEvents: try await executor.write([])
    case .wrongVersion: try await executor.write([.sample(version: 7)])
    case .wrongFirstVersion: try await executor.write([.sample("new", version: 2)])
    case .takenID: try await executor.write([.sample(id: id, "elsewhere")])
    case .mixedVersions: try await executor.write([.sample(version: 2), .sample()])
    case .badName: try await executor.write([.sample("\n")])
    case .condition:
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("bank/Account")])
      try await executor.write([.sample()], condition: condition)
    case .foreignCondition:
      let condition = WriteCondition(failIfEventsMatch: [ReadAggregator("x")], after: foreign)
      try await executor.write([.sample()], condition: condition)
    case .foreignCursor: _ = try await executor.read(nil, routingKey: .all, args: .forward(after: .after(foreign)))
    case .tooManyEvents: _ = try await executor.read(nil, routingKey: .all, args: .backward(last: 65_536))
    case .tooManyFilters:
      let filters = Array(repeating: ReadAggregator("t"), count: 201)
      _ = try await executor.read(filters, routingKey: .all, args: .forward())
    case .unknownSubscriber: try await executor.acknowledge("none", cursor: nil)
    case .foreignAcknowledgement: try await executor.acknowledge("held", cursor: foreign)
    case .negativeLag: try await executor.acknowledge("held", cursor: nil, lag: -1)
    case .takenOver: try await executor.acknowledge("held", cursor: nil, lag: 0, workerID: ULID())
    case .enablingNobody: try await executor.setSubscriberEnabled("none", true)
    case .deletingNobody: try await executor.deleteSubscriber("none")
    case .deletingNoSnapshot: try await executor.deleteSnapshot(key)
    case .foreignSnapshot: try await executor.saveSnapshot(key, Snapshot(data: Payload(), cursor: foreign))
    }
  }
}
