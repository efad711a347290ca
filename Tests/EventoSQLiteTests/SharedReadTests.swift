import Dispatch
import Evento
import Synchronization
import Testing

@testable import EventoSQLite

/// Reads that wait together share a transaction, and none sees a state that is older than itself.
@Suite struct SharedReadTests {
  /// A store and a pool of one connection to its file, which begins when it is told to.
  private final class Arrangement {
    let folder: TestFolder
    let store: SQLiteExecutor
    let pool: ReaderPool
    private let queue: DispatchQueue
    private let outcomes: AsyncStream<(String, Result<Int64, EventoError>)>
    private let outcome: AsyncStream<(String, Result<Int64, EventoError>)>.Continuation

    init(sharingDuration: Duration = .seconds(600)) async throws {
      folder = try TestFolder()
      store = try await SQLiteExecutor.open(folder.file())
      queue = DispatchQueue(label: "test.reader")
      queue.suspend()
      let connection = try Connection(readingFrom: folder.file(), busyTimeout: .seconds(5))
      pool = ReaderPool(
        [ReaderPool.Session(connection, queue: queue)], turns: ReadTurns(), sharingDuration: sharingDuration)
      (outcomes, outcome) = AsyncStream.makeStream()
    }

    func begin() { queue.resume() }

    /// Has the events counted, and then waits where it is told to.
    func count(_ name: String, then: @escaping @Sendable (Connection) throws -> Void = { _ in }) {
      let outcome = outcome
      pool.submit(
        ClosureJob(completion: { outcome.yield((name, $0)) }) { (session: ReaderPool.Session) in
          let count = try session.connection.integer("SELECT count(*) FROM event") ?? 0
          try then(session.connection)
          return count
        })
    }

    func results(_ count: Int) async -> [String: Result<Int64, EventoError>] {
      var results: [String: Result<Int64, EventoError>] = [:]
      for await (name, result) in outcomes {
        results[name] = result
        if results.count == count { break }
      }
      return results
    }

    func close() async {
      await pool.close()
      await store.close()
    }
  }

  @Test func thoseThatHaveComeShareAndALaterOneDoesNot() async throws {
    let arrangement = try await Arrangement()
    let (reached, goOn) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
    arrangement.count("first") { _ in
      reached.continuation.yield()
      goOn.wait()
    }
    arrangement.count("second")
    arrangement.begin()
    for await _ in reached.stream { break }
    try await arrangement.store.write([.sample()])
    arrangement.count("later")
    goOn.signal()
    let results = await arrangement.results(3)
    #expect(try results["first"]?.get() == 0)
    // It had come before the event, and need not see it.
    #expect(try results["second"]?.get() == 0)
    #expect(try results["later"]?.get() == 1)
    await arrangement.close()
  }

  @Test func oneThatIsAloneNeedsNone() async throws {
    let arrangement = try await Arrangement()
    let wasInTransaction = Mutex<Bool?>(nil)
    arrangement.count("alone") { connection in wasInTransaction.withLock { $0 = connection.isInTransaction } }
    arrangement.begin()
    #expect(try await arrangement.results(1)["alone"]?.get() == 0)
    #expect(wasInTransaction.withLock { $0 } == false)
    await arrangement.close()
  }

  /// More than share one transaction, with commits in between: each sees what was there when it came.
  @Test func theNumberThatSharesIsBounded() async throws {
    let arrangement = try await Arrangement()
    let (reached, goOn) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
    let count = 40
    arrangement.count("0") { _ in
      reached.continuation.yield()
      goOn.wait()
    }
    for number in 1..<count { arrangement.count("\(number)") }
    arrangement.begin()
    for await _ in reached.stream { break }
    try await arrangement.store.write([.sample()])
    goOn.signal()
    let results = await arrangement.results(count)
    let counts = try (0..<count).map { try results["\($0)"]?.get() }
    #expect(counts == Array(repeating: 0, count: 16) + Array(repeating: 1, count: count - 16))
    await arrangement.close()
  }

  /// One that takes its time keeps the transaction from those behind it.
  @Test func theTimeOfATransactionThatIsSharedIsBounded() async throws {
    let arrangement = try await Arrangement(sharingDuration: .zero)
    let (reached, goOn) = (AsyncStream.makeStream(of: Void.self), DispatchSemaphore(value: 0))
    arrangement.count("first") { _ in
      reached.continuation.yield()
      goOn.wait()
    }
    arrangement.count("second")
    arrangement.begin()
    for await _ in reached.stream { break }
    try await arrangement.store.write([.sample()])
    goOn.signal()
    let results = await arrangement.results(2)
    #expect(try results["first"]?.get() == 0)
    #expect(try results["second"]?.get() == 1)
    await arrangement.close()
  }

  @Test func onesFailureIsNotAnothers() async throws {
    let arrangement = try await Arrangement()
    arrangement.count("first")
    arrangement.count("failing") { connection in
      throw SQLiteFailure(code: 10, message: "the disk", action: "read")
    }
    arrangement.count("next")
    arrangement.begin()
    let results = await arrangement.results(3)
    #expect(try results["first"]?.get() == 0)
    #expect(throws: EventoError.self) { try results["failing"]?.get() }
    #expect(try results["next"]?.get() == 0)
    await arrangement.close()
  }
}
