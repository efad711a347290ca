import EventoStorage
import Testing

/// Writes that wait: small ones behind no large ones.
@Suite struct WriteQueuesTests {
  /// A write that only has a size.
  private struct Write {
    let name: String
    let size: WriteSize

    init(_ name: String, cost: Int, bytes: Int = 0) {
      self.name = name
      size = WriteSize(cost: cost, bytes: bytes)
    }
  }

  private let limits = CommitLimits(writes: 512, bytes: 8 << 20)

  /// The names of the writes of each commit.
  private func commits(_ queues: inout WriteQueues<Write>) -> [String] {
    var commits: [String] = []
    while true {
      let writes = queues.next()
      guard !writes.isEmpty else { return commits }
      commits.append(writes.map(\.name).joined())
    }
  }

  @Test func smallWritesHaveEveryOtherCommit() {
    var queues = WriteQueues<Write>(limits, size: \.size)
    for _ in 0..<600 { queues.append(Write("s", cost: 1)) }
    for name in ["a", "b"] { queues.append(Write(name, cost: 100_000, bytes: 5 << 20)) }
    for name in ["x", "y"] { queues.append(Write(name, cost: 1_000_000, bytes: 5 << 20)) }
    #expect(queues.count == 604)
    let found = commits(&queues).map { $0.first == "s" ? "\($0.count)" : $0 }
    #expect(found == ["512", "a", "88", "x", "b", "y"])
  }

  @Test func whatACommitHasNoTimeForComesNextInItsQueue() {
    var queues = WriteQueues<Write>(limits, size: \.size)
    for name in ["x", "y", "z"] { queues.append(Write(name, cost: 1_000_000)) }
    let jobs = queues.next()
    #expect(jobs.count == 3)
    queues.append(Write("s", cost: 1))
    queues.append(Write("w", cost: 1_000_000))
    queues.putBack(jobs[1...])
    #expect(commits(&queues) == ["s", "yzw"])
  }

  @Test func writesOfTheSameQueueJoinACommitUpToItsLimits() {
    var queues = WriteQueues<Write>(CommitLimits(writes: 4, bytes: 100), size: \.size)
    for name in ["a", "b", "c", "d"] { queues.append(Write(name, cost: 1, bytes: 30)) }
    queues.append(Write("x", cost: 1_000_000, bytes: 1))
    let first = [Write("f", cost: 1, bytes: 30)]
    #expect(queues.more(after: first).map(\.name) == ["a", "b"])
    #expect(queues.more(after: Array(repeating: Write("f", cost: 1), count: 4)).isEmpty)
    #expect(queues.more(after: [Write("f", cost: 1, bytes: 200)]).isEmpty)
    #expect(queues.more(after: []).isEmpty)
    #expect(commits(&queues) == ["cd", "x"])
  }
}
