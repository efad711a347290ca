import EventoTesting
import TestSupport
import Testing

/// One suite, whatever stands between the caller and the log.
@Suite(.serialized) struct ConformanceTests {
  /// One check, on every arrangement. Nothing is skipped but what is known to be missing.
  @Test(arguments: ConformanceCheck.all) func conforms(_ check: ConformanceCheck) async throws {
    _ = try await concurrently(Arrangement.available, atOnce: 4) { arrangement in
      do {
        let outcome = try await check.run { body in try await arrangement.withExecutor(body) }
        let missing = check.capabilities.intersection(arrangement.missing).first
        #expect(outcome == missing.map(ConformanceCheck.Outcome.skipped) ?? .passed, "\(arrangement.rawValue)")
      } catch {
        // Recorded instead of thrown, so that the other arrangements run to their end.
        Issue.record(error, "\(arrangement.rawValue)")
      }
    }
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
