import Evento
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommitSignalTests {
  private final class Ended: Sendable {
    let seconds = Mutex<Set<Int>>([])
  }

  /// Whichever of two began to wait first, and whatever has been waited for before.
  @Test(arguments: [false, true], [false, true])
  func endsEachWaitAtItsOwnDeadline(_ lateIsFirst: Bool, _ hasAdvanced: Bool) async {
    let signal = CommitSignal()
    let start = ContinuousClock.now
    if hasAdvanced {
      async let first: Void = signal.wait(past: 0, until: start + .seconds(1000))
      while !signal.expire(at: start) { await Task.yield() }
      signal.advance()
      await first
    }
    let count = signal.count
    let ended = Ended()
    await withTaskGroup(of: Void.self) { group in
      for seconds in lateIsFirst ? [1000, 100] : [100, 1000] {
        group.addTask {
          await signal.wait(past: count, until: start + .seconds(seconds))
          ended.seconds.withLock { _ = $0.insert(seconds) }
        }
        // Until it waits: the other may not yet.
        while !signal.expire(at: start) { await Task.yield() }
      }
      while ended.seconds.withLock({ $0.isEmpty }) {
        _ = signal.expire(at: start + .seconds(101))
        await Task.yield()
      }
      #expect(ended.seconds.withLock { $0 } == [100])
      while ended.seconds.withLock({ $0.count }) < 2 {
        _ = signal.expire(at: start + .seconds(1001))
        await Task.yield()
      }
    }
    #expect(!signal.expire(at: start))
  }
}
