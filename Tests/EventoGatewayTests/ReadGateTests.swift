import Evento
import Synchronization
import Testing

@testable import EventoGateway

@Suite struct ReadGateTests {
  private final class Record: Sendable {
    let counts = Mutex((inside: 0, most: 0, passed: 0, dropped: 0))
    let order = Mutex<[Int]>([])
  }

  @Test(arguments: [1, 2, 5]) func letsSoManyThroughAtOnceAndAllInTheEnd(_ limit: Int) async throws {
    let gate = ReadGate(limit: limit)
    let record = Record()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<500 {
        group.addTask {
          try await gate.pass {
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
      try await group.waitForAll()
    }
    #expect(record.counts.withLock { $0.passed } == 500)
    #expect(record.counts.withLock { $0.inside } == 0)
    #expect(1...limit ~= record.counts.withLock { $0.most })
  }

  /// One that waits does not keep out those that come after it for ever, nor they it.
  @Test func letsThemThroughInTheOrderInWhichTheyCame() async throws {
    let gate = ReadGate(limit: 1)
    let record = Record()
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task {
      try await gate.pass {
        for await _ in open { break }
        record.order.withLock { $0.append(0) }
      }
    }
    while gate.inside == 0 { await Task.yield() }
    var others: [Task<Void, any Error>] = []
    for number in 1...20 {
      others.append(Task { try await gate.pass { record.order.withLock { $0.append(number) } } })
      while gate.waiting < number { await Task.yield() }
    }
    opener.finish()
    try await first.value
    for other in others { try await other.value }
    #expect(record.order.withLock { $0 } == Array(0...20))
  }

  /// They leave the line at once, and those behind them move up.
  @Test func doesNotLetThroughThoseThatAreCancelled() async throws {
    let gate = ReadGate(limit: 1)
    let record = Record()
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task { try await gate.pass { for await _ in open { break } } }
    while gate.inside == 0 { await Task.yield() }
    var others: [Task<Void, any Error>] = []
    for number in 1...20 {
      others.append(Task { try await gate.pass { record.order.withLock { $0.append(number) } } })
      while gate.waiting < number { await Task.yield() }
    }
    for other in others[..<15] { other.cancel() }
    for other in others[..<15] { await #expect(throws: EventoError.requestDropped) { try await other.value } }
    #expect(gate.waiting == 5)
    opener.finish()
    try await first.value
    for other in others[15...] { try await other.value }
    #expect(record.order.withLock { $0 } == [16, 17, 18, 19, 20])
    #expect(gate.inside == 0)
  }

  /// A task that is cancelled at the moment of its turn may pass or not; its place is free afterwards in either case.
  @Test func freesThePlacesOfThoseThatAreCancelledMeanwhile() async {
    let gate = ReadGate(limit: 2)
    let record = Record()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2000 {
        group.addTask {
          let task = Task {
            try await gate.pass {
              await Task.yield()
              record.counts.withLock { $0.passed += 1 }
            }
          }
          await Task.yield()
          task.cancel()
          do {
            try await task.value
          } catch {
            record.counts.withLock { $0.dropped += 1 }
          }
        }
      }
    }
    #expect(gate.inside == 0 && gate.waiting == 0)
    #expect(record.counts.withLock { $0.passed + $0.dropped } == 2000)
  }

  @Test func letsNobodyThroughOnceItIsClosed() async throws {
    let gate = ReadGate(limit: 1)
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task { try await gate.pass { for await _ in open { break } } }
    while gate.inside == 0 { await Task.yield() }
    let waiting = Task { try await gate.pass {} }
    while gate.waiting == 0 { await Task.yield() }
    gate.close()
    await #expect(throws: ReadGate.Closed.self) { try await waiting.value }
    await #expect(throws: ReadGate.Closed.self) { try await gate.pass {} }
    opener.finish()
    try await first.value
    #expect(gate.inside == 0)
  }
}
