internal import Evento

/// A capability beyond the eight operations that every executor has.
public enum Capability: String, Sendable, Hashable, CaseIterable {
  /// `write(_:condition:)` with a condition.
  case conditionalWrites
  /// `event(_:)`
  case eventLookup
  /// `subscriber(_:)`, `subscribers(first:after:)`, `setSubscriberEnabled(_:_:)` and `deleteSubscriber(_:)`
  case subscriberDirectory
  /// `deleteSnapshot(_:)`
  case snapshotRemoval
  /// `eraseAggregate(type:id:snapshotTypes:)`
  case erasure
  /// `commits`
  case commitSignal

  /// Returns true if an executor has the capability: it does not throw `not_implemented`. This works through a gateway
  /// too.
  func isOffered(by executor: any Executor) async -> Bool {
    do {
      switch self {
      case .conditionalWrites:
        // A position of no store, so that nothing is written.
        let condition = WriteCondition(
          failIfEventsMatch: [ReadAggregator("absent")], after: Cursor(content: [0xFF, 0xFE]))
        try await executor.write([.sample()], condition: condition)
      case .eventLookup: _ = try await executor.event(ULID())
      case .subscriberDirectory: _ = try await executor.subscribers(first: 1, after: nil)
      case .snapshotRemoval: try await executor.deleteSnapshot(.sample())
      case .erasure: try await executor.eraseAggregate(type: "absent", id: "absent")
      case .commitSignal: return executor.commits != nil
      }
      return true
    } catch {
      return (error as? EventoError)?.code != .notImplemented
    }
  }
}
