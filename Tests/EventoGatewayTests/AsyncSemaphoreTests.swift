import Evento
import Synchronization
import Testing

@testable import EventoGateway

@Suite struct AsyncSemaphoreTests {
  private final class Record: Sendable {
    let counts = Mutex((inside: 0, most: 0, passed: 0, dropped: 0))
    let order = Mutex<[Int]>([])
  }

  @Test(arguments: [1, 2, 5]) func givesItsPermitsToAllTasksInTheEnd(_ permits: Int) async throws {
    let semaphore = AsyncSemaphore(permits: permits)
    let record = Record()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<500 {
        group.addTask {
          try await semaphore.withPermit {
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
    #expect(1...permits ~= record.counts.withLock { $0.most })
  }

  @Test func givesPermitsInOrderOfArrival() async throws {
    let semaphore = AsyncSemaphore(permits: 1)
    let record = Record()
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task {
      try await semaphore.withPermit {
        for await _ in open { break }
        record.order.withLock { $0.append(0) }
      }
    }
    while semaphore.permitsInUse == 0 { await Task.yield() }
    var others: [Task<Void, any Error>] = []
    for number in 1...20 {
      others.append(Task { try await semaphore.withPermit { record.order.withLock { $0.append(number) } } })
      while semaphore.waiting < number { await Task.yield() }
    }
    opener.finish()
    try await first.value
    for other in others { try await other.value }
    #expect(record.order.withLock { $0 } == Array(0...20))
  }

  /// They leave the queue at once, and those behind them move up.
  @Test func givesNoPermitToCancelledTasks() async throws {
    let semaphore = AsyncSemaphore(permits: 1)
    let record = Record()
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task { try await semaphore.withPermit { for await _ in open { break } } }
    while semaphore.permitsInUse == 0 { await Task.yield() }
    var others: [Task<Void, any Error>] = []
    for number in 1...20 {
      others.append(Task { try await semaphore.withPermit { record.order.withLock { $0.append(number) } } })
      while semaphore.waiting < number { await Task.yield() }
    }
    for other in others[..<15] { other.cancel() }
    for other in others[..<15] { await #expect(throws: EventoError.requestDropped) { try await other.value } }
    #expect(semaphore.waiting == 5)
    opener.finish()
    try await first.value
    for other in others[15...] { try await other.value }
    #expect(record.order.withLock { $0 } == [16, 17, 18, 19, 20])
    #expect(semaphore.permitsInUse == 0)
  }

  /// A task that is cancelled at the moment of its turn may get a permit or not; it has none afterwards in either case.
  @Test func freesThePermitsOfTasksThatAreCancelledMeanwhile() async {
    let semaphore = AsyncSemaphore(permits: 2)
    let record = Record()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2000 {
        group.addTask {
          let task = Task {
            try await semaphore.withPermit {
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
    #expect(semaphore.permitsInUse == 0 && semaphore.waiting == 0)
    #expect(record.counts.withLock { $0.passed + $0.dropped } == 2000)
  }

  @Test func givesNoPermitOnceItIsClosed() async throws {
    let semaphore = AsyncSemaphore(permits: 1)
    let (open, opener) = AsyncStream.makeStream(of: Void.self)
    let first = Task { try await semaphore.withPermit { for await _ in open { break } } }
    while semaphore.permitsInUse == 0 { await Task.yield() }
    let waiting = Task { try await semaphore.withPermit {} }
    while semaphore.waiting == 0 { await Task.yield() }
    semaphore.close()
    await #expect(throws: AsyncSemaphore.Closed.self) { try await waiting.value }
    await #expect(throws: AsyncSemaphore.Closed.self) { try await semaphore.withPermit {} }
    opener.finish()
    try await first.value
    #expect(semaphore.permitsInUse == 0)
  }
}
