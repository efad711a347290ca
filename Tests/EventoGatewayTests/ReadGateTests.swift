import Synchronization
import Testing

@testable import EventoGateway

@Suite struct ReadGateTests {
  private final class Record: Sendable {
    let counts = Mutex((inside: 0, most: 0, passed: 0))
    let order = Mutex<[Int]>([])
  }

  @Test(arguments: [1, 2, 5]) func letsSoManyThroughAtOnceAndAllInTheEnd(_ limit: Int) async {
    let gate = ReadGate(limit: limit)
    let record = Record()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<500 {
        group.addTask {
          await gate.pass {
            record.counts.withLock { counts in
              counts.inside += 1
              counts.most = max(counts.most, counts.inside)
            }
            for _ in 0..<3 { await Task.yield() }
            record.counts.withLock { counts in
              counts.inside -= 1
              counts.passed += 1
            }
          }
        }
      }
      group.cancelAll()
    }
    #expect(record.counts.withLock { $0.passed } == 500)
    #expect(record.counts.withLock { $0.inside } == 0)
    #expect(1...limit ~= record.counts.withLock { $0.most })
  }

  /// One that waits does not keep out those that come after it for ever, nor they it.
  @Test func letsThemThroughInTheOrderInWhichTheyCame() async {
    let gate = ReadGate(limit: 1)
    let record = Record()
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task {
      await gate.pass {
        for await _ in open { break }
        record.order.withLock { $0.append(0) }
      }
    }
    while gate.inside == 0 { await Task.yield() }
    var others: [Task<Void, Never>] = []
    for number in 1...20 {
      others.append(Task { await gate.pass { record.order.withLock { $0.append(number) } } })
      while gate.waiting < number { await Task.yield() }
    }
    opener.finish()
    await first.value
    for other in others { await other.value }
    #expect(record.order.withLock { $0 } == Array(0...20))
  }
}
