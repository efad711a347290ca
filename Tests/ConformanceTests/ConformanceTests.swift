import EventoTesting
import Testing

/// One suite, whatever stands between the caller and the log.
@Suite(.serialized) struct ConformanceTests {
  /// One check on one arrangement.
  struct Case: Sendable, CustomStringConvertible {
    let arrangement: Arrangement
    let check: ConformanceCheck

    var description: String { "\(arrangement.rawValue), \(check)" }
  }

  static let cases = Arrangement.allCases.flatMap { arrangement in
    ConformanceCheck.all(for: arrangement.capabilities).map { Case(arrangement: arrangement, check: $0) }
  }

  @Test(arguments: cases) func conforms(_ pair: Case) async throws {
    try await pair.check.run { body in try await pair.arrangement.withExecutor(body) }
  }
}
