public import Evento

extension ConformanceCheck {
  /// Every check there is.
  public static let all: [ConformanceCheck] =
    atomicityChecks + versionChecks + resendChecks + identifierChecks + formChecks + routingKeyChecks
    + payloadChecks + metadataChecks + unicodeChecks + filterChecks + routingKeyReadChecks
    + forwardPageChecks + backwardPageChecks + emptyPageChecks + nowChecks + cursorChecks + orderChecks + tailChecks
    + commitSignalChecks + followChecks
    + conditionChecks + subscriberChecks + acknowledgeChecks + directoryChecks
    + snapshotChecks + snapshotRemovalChecks + readinessChecks

  /// The checks for an executor that can do certain things beyond the eight operations.
  public static func all(for capabilities: Set<Capability>) -> [ConformanceCheck] {
    all.filter { $0.capabilities.isSubset(of: capabilities) }
  }

  /// The checks for a type of executor, by the protocols that it declares.
  public static func all(for type: any Executor.Type) -> [ConformanceCheck] {
    all(for: Capability.all(of: type))
  }
}
