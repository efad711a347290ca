import Evento
import Testing

/// A release build says too which call was wrong: the text of a `precondition` is not in one.
@Suite struct MisuseTests {
  @Test func theTextIsThereInARelease() async throws {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = Subscription("s").chunkSize(0)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = balances.skip(Deposited.self)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { _ = ExecutorGroup([]) },
    ]
    let texts = [
      "chunkSize(_:) requires 1 to 65535 events, but got 0", "handled or skipped twice", "must have 1 to 8 members",
    ]
    for (result, text) in zip(results, texts) {
      let output = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
      #expect(output.contains(text), "\(output)")
    }
  }
}
