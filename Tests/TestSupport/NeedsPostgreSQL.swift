package import Testing

extension Trait where Self == ConditionTrait {
  /// Skips the tests on a machine without PostgreSQL's server, and prints why.
  package static var needsPostgreSQL: Self {
    .enabled(
      if: PostgreSQLServer.isInstalled, "PostgreSQL's server is not installed: Scripts/install-dependencies.sh --tests")
  }
}
