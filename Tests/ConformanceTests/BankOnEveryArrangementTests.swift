import Bank
import EventoSQLite
import Testing

/// The example from one source, on an embedded store and on gateways.
@Suite(.serialized) struct BankOnEveryArrangementTests {
  @Test(arguments: Arrangement.allCases) func tellsTheSameStory(_ arrangement: Arrangement) async throws {
    let embedded = try await SQLiteExecutor.open(":memory:")
    var expected: [String] = []
    try await Tour.run(on: embedded) { expected.append($0) }
    await embedded.close()
    #expect(expected.count > 8)

    var lines: [String] = []
    try await arrangement.withExecutor { store in try await Tour.run(on: store) { lines.append($0) } }
    #expect(Self.comparable(lines) == Self.comparable(expected))
  }

  /// Without the identifiers that each run makes for itself.
  private static func comparable(_ lines: [String]) -> [String] {
    lines.map { $0.replacing(/01[0-9A-HJKMNP-TV-Z]{24}/, with: "ID") }
  }
}
