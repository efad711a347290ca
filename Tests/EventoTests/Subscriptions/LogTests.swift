import Evento
import Logging
import Synchronization
import Testing

/// What a subscription logs without being asked to.
@Suite(.timeLimit(.minutes(1))) struct SubscriptionLogTests {
  struct Refusal: Error {}

  /// Keeps the lines of a log.
  final class Recorder: TextOutputStream, Sendable {
    private let text = Mutex("")

    func write(_ line: String) { text.withLock { $0 += line } }

    var lines: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
    var logger: Logger { Logger(label: "test") { StreamLogHandler(label: $0, stream: self) } }
  }

  private func deposit(_ amounts: [Int], _ store: any Executor) async throws {
    for amount in amounts { try await Account.aggregate("a").event(Deposited(amount: amount)).commit(to: store) }
  }

  /// The default would take 25 minutes: waits of 1, 2, 4 … 60 seconds.
  @Test func aHandlerThatThrowsIsLoggedOnceAndThenOnceAMinute() async throws {
    try await withStore { store in
      let (clock, log, isMended) = (ManualClock(), Recorder(), Box(false))
      try await deposit([1], store)
      let running = try await Subscription("s").clock(clock).logger(log.logger)
        .on(Deposited.self) { _ in if !isMended.value { throw Refusal() } }.start(on: store)
      await clock.sleeper()
      #expect(log.lines.count == 1)
      let first = try #require(log.lines.first)
      #expect(
        first.contains("warning") && first.contains("\"s\"") && first.contains("Deposited")
          && first.contains("Refusal"), "\(first)")
      var elapsed = Duration.zero
      for _ in 0..<12 { elapsed += await clock.wakeSleeper() }
      await clock.sleeper()
      let minutes = Int(elapsed / .seconds(60))
      #expect(log.lines.count > 2 && log.lines.count <= 1 + minutes, "\(log.lines)")
      #expect(log.lines[1].contains("more since the last line"))
      isMended.value = true
      let before = log.lines.count
      await clock.wakeSleeper()
      await clock.sleeper()
      #expect(log.lines.count == before + 1 && log.lines.last?.contains("continues") == true, "\(log.lines)")
      #expect(try await running.shutdown() == .stopped)
      #expect(log.lines.count == before + 1)
    }
  }

  @Test func aStoreThatIsAwayIsLogged() async throws {
    try await withStore { store in
      let (clock, log) = (ManualClock(), Recorder())
      var hooked = HookedExecutor(store)
      hooked.beforeUpsert = { () async throws in throw EventoError(.unavailable, "Away.\nForged \u{202E}.") }
      let subscription = Subscription("s").clock(clock).logger(log.logger).retry(2).on(Deposited.self) { _ in }
      let run = Task { [hooked] in try await subscription.run(on: hooked) }
      await clock.wakeSleeper()
      await clock.wakeSleeper()
      await #expect(throws: SubscriptionFailure.self) { try await run.value }
      // The first failure, and the end.
      #expect(log.lines.count == 2, "\(log.lines)")
      #expect(log.lines[0].contains("warning") && log.lines[0].contains(#"Away.\nForged \u{202E}."#))
      #expect(log.lines[1].contains("error") && log.lines[1].contains("Ended: "))
    }
  }

  @Test func eventsThatAreGivenUpDoNotFloodTheLog() async throws {
    try await withStore { store in
      let (clock, log, told) = (ManualClock(), Recorder(), Box(0))
      try await deposit(Array(1...50), store)
      try await Subscription("s").clock(clock).logger(log.logger).retry(0).acceptFailure()
        .onFailure { _ in told.value += 1 }
        .on(Deposited.self) { _ in throw Refusal() }.runOnce(on: store)
      #expect(told.value == 50)
      #expect(log.lines.count == 1 && log.lines[0].contains("Giving up. "), "\(log.lines)")
      try await store.acknowledge("s", cursor: nil)
    }
  }

  @Test func whatWorksLogsNothing() async throws {
    try await withStore { store in
      let log = Recorder()
      try await deposit([1, 2, 3], store)
      try await Subscription("s").logger(log.logger).on(Deposited.self) { _ in }.runOnce(on: store)
      #expect(log.lines.isEmpty)
    }
  }
}
