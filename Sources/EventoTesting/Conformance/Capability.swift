public import Evento

/// A capability beyond the eight operations: one case for each protocol.
public enum Capability: String, Sendable, Hashable, CaseIterable {
  /// `ConditionalWriter`
  case conditionalWrites
  /// `EventLookup`
  case eventLookup
  /// `SubscriberDirectory`
  case subscriberDirectory
  /// `SnapshotRemover`
  case snapshotRemoval
  /// `ReadinessReporter`
  case readiness
  /// `CommitNotifier`
  case commitSignal
  /// `EventFollower`
  case following

  /// Returns the capabilities that a type of executor declares.
  public static func all(of type: any Executor.Type) -> Set<Capability> {
    Set(allCases.filter { $0.isDeclared(by: type) })
  }

  private func isDeclared(by type: any Executor.Type) -> Bool {
    switch self {
    case .conditionalWrites: type is any ConditionalWriter.Type
    case .eventLookup: type is any EventLookup.Type
    case .subscriberDirectory: type is any SubscriberDirectory.Type
    case .snapshotRemoval: type is any SnapshotRemover.Type
    case .readiness: type is any ReadinessReporter.Type
    case .commitSignal: type is any CommitNotifier.Type
    case .following: type is any EventFollower.Type
    }
  }
}
