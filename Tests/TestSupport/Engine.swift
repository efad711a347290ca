/// The database engines of the product, for the tests that depend on what a store does.
package enum Engine: CaseIterable, Sendable {
  case sqlite
  case postgreSQL

  /// The engines of this machine.
  package static let available = allCases.filter { $0 != .postgreSQL || PostgreSQLServer.isInstalled }
}
