extension ConformanceCheck {
  /// All checks.
  public static let all: [ConformanceCheck] =
    atomicityChecks + versionChecks + resendChecks + identifierChecks + formChecks + routingKeyChecks
    + payloadChecks + metadataChecks + unicodeChecks + filterChecks + routingKeyReadChecks
    + forwardPageChecks + backwardPageChecks + emptyPageChecks + nowChecks + cursorChecks + orderChecks + tailChecks
    + commitSignalChecks + followChecks
    + conditionChecks + subscriberChecks + acknowledgeChecks + directoryChecks
    + snapshotChecks + snapshotRemovalChecks + readinessChecks
}
