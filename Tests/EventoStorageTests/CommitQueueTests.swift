import Evento
import EventoStorage
import Synchronization
import Testing

/// Writes that wait: small ones behind no large ones, each until it is committed or refused, and the thread that commits
/// them started once.
@Suite struct CommitQueueTests {
  /// A write that only has a size.
  private final class Write: QueuedWrite {
    let name: String
    let size: WriteSize
    private let cancellation = CancellationFlag()
    private let state = Mutex<[EventoError]>([])

    init(_ name: String, cost: Int = 1, bytes: Int = 0) {
      self.name = name
      size = WriteSize(cost: cost, bytes: bytes)
    }

    var isCancelled: Bool { cancellation.isSet }
    func cancel() { cancellation.set() }

    func fail(_ error: EventoError) { state.withLock { $0.append(error) } }

    /// The errors that its caller has got.
    var errors: [EventoError] { state.withLock { $0 } }
  }

  private static func queue(waitingLimit: Int = 1000) -> CommitQueue<Write> {
    CommitQueue(CommitLimits(writes: 512, bytes: 8 << 20), waitingLimit: waitingLimit)
  }

  /// The names of the writes of each commit.
  private func commits(_ queue: CommitQueue<Write>) -> [String] {
    var commits: [String] = []
    while !queue.endIfEmpty() { commits.append(queue.next().map(\.name).joined()) }
    return commits
  }

  // MARK: Turns

  @Test func smallWritesHaveEveryOtherCommit() {
    let queue = Self.queue()
    for _ in 0..<600 { _ = queue.submit(Write("s")) }
    for name in ["a", "b"] { _ = queue.submit(Write(name, cost: 100_000, bytes: 5 << 20)) }
    for name in ["x", "y"] { _ = queue.submit(Write(name, cost: 1_000_000, bytes: 5 << 20)) }
    #expect(queue.count == 604)
    let found = commits(queue).map { $0.first == "s" ? "\($0.count)" : $0 }
    #expect(found == ["512", "a", "88", "x", "b", "y"])
  }

  @Test func whatACommitHasNoTimeForComesNextInItsQueue() {
    let queue = Self.queue()
    for name in ["x", "y", "z"] { _ = queue.submit(Write(name, cost: 1_000_000)) }
    let writes = queue.next()
    #expect(writes.count == 3)
    _ = queue.submit(Write("s"))
    _ = queue.submit(Write("w", cost: 1_000_000))
    queue.putBack(writes[1...])
    #expect(commits(queue) == ["s", "yzw"])
  }

  @Test func writesOfTheSameQueueJoinACommitUpToItsLimits() {
    let queue = CommitQueue<Write>(CommitLimits(writes: 4, bytes: 100), waitingLimit: 100)
    let writes = ["a", "b", "c", "d"].map { Write($0, bytes: 30) }
    for write in writes + [Write("x", cost: 1_000_000)] { _ = queue.submit(write) }
    writes[0].cancel()
    #expect(queue.more(after: [Write("f", bytes: 30)]).map(\.name) == ["b"])
    #expect(writes[0].errors == [.requestDropped])
    #expect(queue.more(after: Array(repeating: Write("f"), count: 4)).isEmpty)
    #expect(queue.more(after: [Write("f", bytes: 200)]).isEmpty)
    #expect(queue.more(after: []).isEmpty)
    #expect(commits(queue) == ["cd", "x"])
  }

  @Test func removesThoseThatFulfilACondition() {
    let queue = Self.queue()
    for (name, cost) in [("a", 1), ("b", 1), ("A", 1_000_000), ("B", 1_000_000)] {
      _ = queue.submit(Write(name, cost: cost))
    }
    #expect(queue.removeAll { $0.name.lowercased() == "a" }.map(\.name) == ["a", "A"])
    #expect(commits(queue) == ["b", "B"])
  }

  // MARK: The thread

  @Test func theThreadIsStartedOnceAndAgainAfterItEnded() {
    let queue = Self.queue()
    #expect(queue.submit(Write("a")))
    #expect(!queue.submit(Write("b")))
    #expect(!queue.endIfEmpty())
    #expect(queue.next().count == 2)
    // It still runs: it has not found the queue empty.
    #expect(!queue.submit(Write("c")))
    #expect(queue.next().count == 1)
    #expect(!queue.isIdle)
    #expect(queue.endIfEmpty())
    #expect(queue.isIdle)
    #expect(queue.submit(Write("d")))
    #expect(!queue.isIdle)
  }

  /// The thread that commits, on whichever thread it is started.
  private final class Committer: Sendable {
    let queue = CommitQueueTests.queue(waitingLimit: .max)
    private let isRunning = Atomic(false)
    private let names = Mutex<[String]>([])
    private let overlaps = Atomic(0)

    func run() {
      repeat {
        if isRunning.exchange(true, ordering: .sequentiallyConsistent) {
          overlaps.add(1, ordering: .sequentiallyConsistent)
        }
        let writes = queue.next()
        names.withLock { $0 += writes.map(\.name) }
        // As soon as the queue is found empty, another thread may run.
        isRunning.store(false, ordering: .sequentiallyConsistent)
      } while !queue.endIfEmpty()
    }

    /// The names of the writes that it has taken, and how often it ran twice at a time.
    var outcome: (names: [String], overlaps: Int) {
      (names.withLock { $0 }, overlaps.load(ordering: .sequentiallyConsistent))
    }
  }

  @Test(.timeLimit(.minutes(1))) func noWriteIsLostBetweenThreads() async {
    let committer = Committer()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<4 {
        group.addTask {
          for index in 0..<500 where committer.queue.submit(Write("\(number).\(index)")) { committer.run() }
        }
      }
    }
    let (names, overlaps) = committer.outcome
    #expect(names.count == 2000 && Set(names).count == 2000)
    #expect(overlaps == 0)
    #expect(committer.queue.count == 0)
  }

  // MARK: Refusals

  @Test func refusesMoreThanMayWait() {
    let queue = Self.queue(waitingLimit: 2)
    let writes = ["a", "b", "c"].map { Write($0) }
    #expect(writes.map { queue.submit($0) } == [true, false, false])
    #expect(writes.map(\.errors) == [[], [], [.tooManyWaiting(2)]])
    #expect(queue.next().map(\.name) == ["a", "b"])
    #expect(!queue.submit(Write("d")))
    #expect(queue.count == 1)
  }

  @Test func refusesThoseThatWaitAndAllLaterOnes() {
    let queue = Self.queue()
    let (waiting, taken, later) = (Write("w", cost: 1_000_000), Write("t"), Write("l"))
    _ = queue.submit(taken)
    let writes = queue.next()
    _ = queue.submit(waiting)
    queue.refuse()
    #expect(waiting.errors == [.storeClosed])
    #expect(!queue.submit(later))
    #expect(later.errors == [.storeClosed])
    // It was taken before, but its commit had no time for it.
    #expect(taken.errors.isEmpty)
    queue.putBack(writes[...])
    #expect(!queue.isIdle)
    #expect(queue.next().isEmpty)
    #expect(taken.errors == [.storeClosed])
    #expect(queue.endIfEmpty())
  }

  @Test func aClosedQueueStillGivesOutWhatWaits() {
    let queue = Self.queue()
    let (waiting, later) = (Write("w"), Write("l"))
    _ = queue.submit(waiting)
    #expect(!queue.isIdle)
    #expect(queue.close())
    #expect(!queue.close())
    #expect(!queue.submit(later))
    #expect(later.errors == [.storeClosed])
    #expect(queue.next().map(\.name) == ["w"])
    #expect(waiting.errors.isEmpty)
  }

  @Test func doesNotGiveOutWhatNoCallerWaitsFor() {
    let queue = Self.queue()
    let writes = ["a", "b", "c"].map { Write($0) }
    for write in writes { _ = queue.submit(write) }
    writes[1].cancel()
    #expect(queue.next().map(\.name) == ["a", "c"])
    #expect(writes.map(\.errors) == [[], [.requestDropped], []])
  }
}
