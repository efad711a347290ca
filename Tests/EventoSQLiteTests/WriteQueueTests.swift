import Dispatch
import Evento
import Synchronization
import Testing

@testable import EventoSQLite

/// Writes that wait: none for a client that has gone, and none that takes the time of others.
@Suite(.timeLimit(.minutes(1))) struct WriteQueueTests {
  /// A writer on a queue that does not run yet.
  private struct Idle {
    let folder: TestFolder
    let queue = DispatchQueue(label: "test.writer")
    let writer: Writer

    init() throws {
      folder = try TestFolder()
      let connection = try Connection(path: folder.file(), busyTimeout: .seconds(5))
      try Schema.prepare(connection, path: folder.file(), isInMemory: false)
      queue.suspend()
      writer = Writer(
        connection, nil, queue: queue, waitingLimit: 100, stuckAfter: .seconds(5),
        poller: ForeignCommitPoller(nil, end: 0),
        notify: { _ in })
    }
  }

  /// Who waits for a write can't tell what the others of its commit cost.
  @Test func aCommitEndsWithTheWriteThatTakesLong() async throws {
    let idle = try Idle()
    let runs = Atomic(0)
    for _ in 0..<3 {
      idle.writer.perform(completion: { _ in }) { _ in
        let end = ContinuousClock.now + .milliseconds(15)
        while ContinuousClock.now < end {}
        runs.add(1, ordering: .relaxed)
      }
    }
    idle.queue.resume()
    await idle.writer.close()
    #expect(runs.load(ordering: .relaxed) == 3)
    #expect(idle.writer.metrics.commits == 3)
  }

  @Test func writesThatNobodyWaitsForDoNotBegin() async throws {
    let idle = try Idle()
    let hasGone = CancellationFlag()
    let errors = Mutex<[EventoError?]>([])
    for number in 0..<4 {
      idle.writer.submit(
        EventWriteJob(
          [.sample("a\(number)")], nil, now: { Timestamp(milliseconds: 0) },
          unless: { number > 0 && hasGone.isSet }
        ) { result in
          errors.withLock { if case .failure(let error) = result { $0.append(error) } else { $0.append(nil) } }
        })
    }
    hasGone.set()
    idle.queue.resume()
    await idle.writer.close()
    #expect(errors.withLock { $0.count { $0 == .requestDropped } } == 3)
    #expect(errors.withLock { $0.count { $0 == nil } } == 1)
    let store = try await SQLiteExecutor.open(idle.folder.file())
    #expect(try await store.everything().map(\.node.aggregatorID) == ["a0"])
    await store.close()
  }

  @Test func refusesWritesThatHaveNotBegun() async throws {
    let idle = try Idle()
    let errors = Mutex<[EventoError?]>([])
    func submit() {
      idle.writer.submit(
        EventWriteJob([.sample()], nil, now: { Timestamp(milliseconds: 0) }) { result in
          errors.withLock { if case .failure(let error) = result { $0.append(error) } else { $0.append(nil) } }
        })
    }
    for _ in 0..<3 { submit() }
    #expect(errors.withLock { $0.isEmpty })
    // The queue does not run: they are refused at once, and so is another.
    idle.writer.refuse()
    submit()
    #expect(errors.withLock { $0.count } == 4)
    #expect(errors.withLock { $0.allSatisfy { $0?.code == .unavailable } })
    idle.queue.resume()
    await idle.writer.close()
  }

  @Test func aWriteThatNoCallerWaitsForIsNotBegun() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let result = await withCheckedContinuation { continuation in
      store.write([.sample()], condition: nil, unless: { true }) { continuation.resume(returning: $0) }
    }
    #expect(throws: EventoError.requestDropped) { try result.get() }
    #expect(try await store.eventCount() == 0)
    await store.close()
  }

  @Test func aCancelledTaskChangesNothingThatHasNotBegun() async throws {
    let folder = try TestFolder()
    let store = try await SQLiteExecutor.open(folder.file())
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      try await store.upsertSubscriber("k", workerID: ULID())
    }
    let error = await failure { try await task.value }
    #expect(error?.code == .unavailable)
    #expect(try await store.subscriber("k") == nil)
    await store.close()
  }
}
