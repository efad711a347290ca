import Evento
import Testing

/// Waits that nothing but the signal itself can end: no owner has to be called for that.
@Suite(.timeLimit(.minutes(1))) struct CommitSignalTests {
  private static var far: ContinuousClock.Instant { .now + .seconds(1000) }

  @Test func aWaitEndsAtItsDeadline() async {
    let signal = CommitSignal()
    for _ in 0..<3 {
      let deadline = ContinuousClock.now + .milliseconds(20)
      await signal.wait(past: 0, until: deadline)
      #expect(ContinuousClock.now >= deadline)
    }
    await signal.wait(past: 0, until: .now - .seconds(1))
    #expect(signal.count == 0)
  }

  /// Whichever of two began to wait first, and whatever has been waited for before.
  @Test(arguments: [false, true], [false, true])
  func eachWaitEndsAtItsOwnDeadline(_ lateIsFirst: Bool, _ hasAdvanced: Bool) async {
    let signal = CommitSignal()
    if hasAdvanced {
      async let first: Void = signal.wait(past: 0, until: Self.far)
      while !signal.isStillAwaited() { await Task.yield() }
      signal.advance()
      await first
    }
    let count = signal.count
    let (early, late) = (ContinuousClock.now + .milliseconds(100), Self.far)
    await withTaskGroup(of: ContinuousClock.Instant.self) { group in
      for deadline in lateIsFirst ? [late, early] : [early, late] {
        group.addTask {
          await signal.wait(past: count, until: deadline)
          return deadline
        }
        await Task.yield()
      }
      #expect(await group.next() == early)
      #expect(ContinuousClock.now >= early)
      signal.advance()
      await group.waitForAll()
    }
    #expect(!signal.isStillAwaited())
  }

  /// A timer looks at many deadlines at once, and goes on for those that are left.
  @Test func manyWaitsEndAtTheirDeadlines() async {
    let signal = CommitSignal()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let deadline = ContinuousClock.now + .milliseconds(number % 40 * 5)
          await signal.wait(past: 0, until: deadline)
          #expect(ContinuousClock.now >= deadline)
        }
      }
    }
    #expect(!signal.isStillAwaited())
  }

  @Test func finishingWakesWhoWaitsAndWhoeverComesLater() async {
    let signal = CommitSignal()
    async let first: Void = signal.wait(past: .max, until: Self.far)
    while !signal.isStillAwaited() { await Task.yield() }
    signal.finish()
    await first
    await signal.wait(past: .max, until: Self.far)
    #expect(signal.isFinished)
  }
}
