import EventoTesting
import TestSupport
import Testing

/// One suite, whatever stands between the caller and the log.
@Suite(.serialized) struct ConformanceTests {
  /// One check on one arrangement.
  struct Case: Sendable, CustomStringConvertible {
    let arrangement: Arrangement
    let check: ConformanceCheck

    var description: String { "\(arrangement.rawValue), \(check)" }
  }

  static let cases = Arrangement.available.flatMap { arrangement in
    ConformanceCheck.all.map { Case(arrangement: arrangement, check: $0) }
  }

  /// Nothing is skipped but what is known to be missing.
  @Test(arguments: cases) func conforms(_ pair: Case) async throws {
    let outcome = try await pair.check.run { body in try await pair.arrangement.withExecutor(body) }
    let missing = pair.check.capabilities.intersection(pair.arrangement.missing).first
    #expect(outcome == missing.map(ConformanceCheck.Outcome.skipped) ?? .passed)
  }

  /// Prints why, if the arrangements with PostgreSQL are left out.
  @Test(.needsPostgreSQL) func postgreSQLIsInstalled() {
    #expect(Arrangement.available == Arrangement.allCases)
  }

  /// What a store behind a gateway can't do is found out through the gateway.
  @Test(arguments: ConformanceCheck.all.filter { !$0.capabilities.isEmpty })
  func whatAStoreBehindAGatewayCannotDoIsSkipped(_ check: ConformanceCheck) async throws {
    let outcome = try await check.run { body in
      try await Arrangement.withSQLite(":memory:") { store in
        try await Arrangement.withGateway(over: EightOperations(store: store)) { executor in try await body(executor) }
      }
    }
    #expect(outcome != .passed)
  }
}
