public import Evento

extension ConformanceCheck {
  /// All checks.
  public static let all: [ConformanceCheck] =
    atomicityChecks + versionChecks + resendChecks + identifierChecks + formChecks + routingKeyChecks
    + payloadChecks + metadataChecks + unicodeChecks + filterChecks + routingKeyReadChecks
    + forwardPageChecks + backwardPageChecks + emptyPageChecks + nowChecks + cursorChecks + orderChecks + tailChecks
    + commitSignalChecks + followChecks
    + conditionChecks + subscriberChecks + acknowledgeChecks + directoryChecks
    + snapshotChecks + snapshotRemovalChecks + readinessChecks

  /// Returns the checks for an executor with certain capabilities.
  public static func all(for capabilities: Set<Capability>) -> [ConformanceCheck] {
    all.filter { $0.capabilities.isSubset(of: capabilities) }
  }

  /// Returns the checks for a type of executor, by the protocols to which it conforms.
  public static func all(for type: any Executor.Type) -> [ConformanceCheck] {
    all(for: Capability.all(of: type))
  }
}
