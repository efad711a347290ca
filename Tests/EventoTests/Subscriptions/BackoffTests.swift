import Evento
import Testing

@Suite struct BackoffTests {
  @Test func delaysDoubleUpToTheMaximum() {
    let backoff = Backoff(initialDelay: .milliseconds(100), maximumDelay: .seconds(1))
    for (number, delay) in [(0, 100), (1, 100), (2, 200), (3, 400), (4, 800), (5, 1000), (60, 1000), (.max, 1000)] {
      #expect(backoff.delay(beforeRetry: number) == .milliseconds(delay))
    }
  }

  @Test(arguments: [0.25, 0.5, 1]) func jitterShortensADelay(_ jitter: Double) {
    let backoff = Backoff(initialDelay: .seconds(1), maximumDelay: .seconds(4), jitter: jitter)
    let delays = (0..<1000).map { _ in backoff.delay(beforeRetry: 3) }
    let range = Duration.seconds(4) * (1 - jitter)...Duration.seconds(4)
    #expect(delays.allSatisfy(range.contains))
    #expect(Set(delays).count > 100)
  }

  /// They can be set, and a delay can be as long as a `Duration`.
  @Test func negativeAndHugeDelaysAreNoTrap() {
    var backoff = Backoff(initialDelay: .seconds(Int64.max / 4), maximumDelay: .seconds(Int64.max))
    #expect(backoff.delay(beforeRetry: .max) == .seconds(Int64.max))
    backoff.maximumDelay = .seconds(-1)
    #expect(backoff.delay(beforeRetry: 30) == .zero)
    backoff = Backoff()
    backoff.initialDelay = .seconds(-1)
    backoff.jitter = 7
    #expect(backoff.delay(beforeRetry: 2) == .zero)
  }
}
