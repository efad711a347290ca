import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct TailTests {
  @Test func aGatewayThatIsNotThereIsAnError() async throws {
    let outcome = try await GatewayProcess.run(
      ["tail", "--url", "http://127.0.0.1:1", "--from", "beginning"])
    #expect(outcome.status == 1)
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("unavailable"))
  }

  @Test(arguments: [
    ["--name", "Opened"], ["--aggregator-id", "a"], ["--from", "yesterday"],
  ])
  func whatMakesNoSenseIsSaid(_ arguments: [String]) async throws {
    let outcome = try await GatewayProcess.run(["tail"] + arguments)
    #expect(outcome.status == 64)
    #expect(!outcome.errors.isEmpty)
  }
}
