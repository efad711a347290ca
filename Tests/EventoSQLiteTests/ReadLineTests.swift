import Dispatch
import Evento
import EventoStorage
import Synchronization
import Testing

@testable import EventoSQLite

/// Reads that wait: short ones behind no long ones, and none for a client that has gone.
@Suite(.timeLimit(.minutes(2))) struct ReadLineTests {
  /// Counts what reads do, and holds them up.
  private final class Door: Sendable {
    let begun = Atomic(0)
    let outcomes = Mutex<[Result<Int, EventoError>]>([])
    private let reached = DispatchSemaphore(value: 0)
    private let goOn = DispatchSemaphore(value: 0)

    /// Has a read wait.
    func pass() {
      reached.signal()
      goOn.wait()
      goOn.signal()
    }

    /// Lets all go on, those that come later too.
    func open() { goOn.signal() }

    /// Waits until one read is held up.
    func awaitRead() async {
      await withCheckedContinuation { continuation in
        DispatchQueue.global().async { [self] in
          reached.wait()
          continuation.resume()
        }
      }
    }

    func awaitOutcomes(_ count: Int) async {
      while outcomes.withLock({ $0.count }) < count { await Task.yield() }
    }
  }

  /// Counts the events of a page, and may wait before one of them.
  private struct Builder: PageBuilder {
    let door: Door
    /// Before which event it waits.
    let waitsAt: Int?
    var count = 0

    init(_ door: Door, waitsAt: Int?) {
      self.door = door
      self.waitsAt = waitsAt
      door.begun.add(1, ordering: .relaxed)
    }

    mutating func add(_ event: borrowing EventView) -> Bool {
      count += 1
      if count == waitsAt { door.pass() }
      return true
    }

    mutating func finish(_ info: PageInfo) -> Int { count }
  }

  /// Reads a page, of so many events.
  private func read(
    _ store: SQLiteExecutor, _ door: Door, first: Int, waitsAt: Int? = nil,
    unless isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    store.viewPage(
      nil, routingKey: .all, args: .forward(first: first), unless: isCancelled,
      into: { Builder(door, waitsAt: waitsAt) },
      completion: { outcome in door.outcomes.withLock { $0.append(outcome) } })
  }

  /// A store with one connection for each kind of reads, and three events: a page of one is short, of all is long.
  private func withLargeEvents(_ path: String? = nil, _ body: (SQLiteExecutor) async throws -> Void) async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.readers = 1
    let store = try await SQLiteExecutor.open(path ?? folder.file(), configuration: configuration)
    let payload = Payload("\"\(String(repeating: "x", count: 2 * ReadAllowance.limit / 3))\"")
    for _ in 0..<3 { try await store.write([.sample(data: payload)]) }
    try await body(store)
    await store.close()
  }

  @Test func aShortReadPassesLongOnes() async throws {
    try await withLargeEvents { store async throws in
      let door = Door()
      // It is past what a short read may cost.
      for _ in 0..<5 { read(store, door, first: 3, waitsAt: 2) }
      await door.awaitRead()
      #expect(try await store.read(nil, routingKey: .all, args: .forward(first: 1)).edges.count == 1)
      #expect(try await store.subscriber("none") == nil)
      #expect(door.outcomes.withLock { $0.isEmpty })
      door.open()
      await door.awaitOutcomes(5)
      #expect(door.outcomes.withLock { $0 } == Array(repeating: .success(3), count: 5))
    }
  }

  /// Each event of such a page is found by a statement of its own.
  @Test(arguments: [300, 1000]) func aPageOfSeveralSourcesIsShort(first: Int) async throws {
    try await withLargeEvents { store async throws in
      try await store.write((0..<1000).map { .sample("s\($0)", $0 % 2 == 0 ? "Even" : "Odd", type: "small") })
      let door = Door()
      read(store, door, first: 3, waitsAt: 2)
      await door.awaitRead()
      let filters = [ReadAggregator("small", name: "Even"), ReadAggregator("small", name: "Odd")]
      #expect(try await store.read(filters, routingKey: .all, args: .forward(first: first)).edges.count == first)
      door.open()
      await door.awaitOutcomes(1)
    }
  }

  /// It is given up before its payload is read, which SQLite does with the row otherwise.
  @Test func aLargeEventOrSnapshotIsLongBeforeItIsRead() async throws {
    try await withLargeEvents { store async throws in
      let payload = Payload("\"\(String(repeating: "y", count: ReadAllowance.limit))\"")
      let event = try await store.write([.sample("large", data: payload)]).events[0]
      let key = SnapshotKey(type: "t", revision: "1", id: "i")
      try await store.saveSnapshot(key, Snapshot(data: payload, cursor: event.cursor))
      let door = Door()
      read(store, door, first: 3, waitsAt: 2)
      await door.awaitRead()
      let outcomes = Mutex<[Bool]>([])
      store.viewEvent(
        event.id, unless: { false }, through: { $0.data.count },
        completion: { outcome in
          outcomes.withLock { $0.append((try? outcome.get()) == payload.bytes.count) }
        })
      store.getSnapshot(key, unless: { false }) { outcome in
        outcomes.withLock { $0.append((try? outcome.get())??.data == payload) }
      }
      // Both wait for the connection of long reads by the time that a short read is done.
      #expect(try await store.eventCount() == 4)
      #expect(outcomes.withLock { $0.isEmpty })
      door.open()
      while outcomes.withLock({ $0.count }) < 2 { await Task.yield() }
      #expect(outcomes.withLock { $0 } == [true, true])
    }
  }

  @Test func aConditionDoesNotWaitForLongReads() async throws {
    try await withLargeEvents { store async throws in
      let door = Door()
      for _ in 0..<3 { read(store, door, first: 3, waitsAt: 2) }
      await door.awaitRead()
      try await store.write((0..<1000).map { .sample("n\($0)", "Other") })
      try await store.write(
        [.sample("a")], condition: ConditionPrecheckTests.condition(ReadAggregator("none", name: "Never")))
      #expect(door.outcomes.withLock { $0.isEmpty })
      door.open()
      await door.awaitOutcomes(3)
    }
  }

  /// What a filter costs without finding anything counts too.
  @Test func aReadOfManyRowsIsLong() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.readers = 1
    let store = try await SQLiteExecutor.open(folder.file(), configuration: configuration)
    let door = Door()
    let long: @Sendable (ReaderPool.Session) throws -> Int = { session in
      let count = try session.connection.integer(
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 100000) SELECT count(*) FROM c")
      door.pass()
      return Int(count ?? 0)
    }
    store.readers.perform(
      unless: { false }, completion: { outcome in door.outcomes.withLock { $0.append(outcome) } }, long)
    await door.awaitRead()
    #expect(try await store.eventCount() == 0)
    door.open()
    await door.awaitOutcomes(1)
    #expect(door.outcomes.withLock { $0 } == [.success(100_000)])
    await store.close()
  }

  /// A store in memory too, which has one connection for all.
  @Test(arguments: [nil, ":memory:"]) func neitherKindStarves(_ path: String?) async throws {
    try await withLargeEvents(path) { store async throws in
      for (few, many) in [(1, 3), (3, 1)] {
        let end = CancellationFlag()
        try await withThrowingTaskGroup(of: Void.self) { group in
          for _ in 0..<8 {
            group.addTask {
              while !end.isSet {
                let page = try await store.read(nil, routingKey: .all, args: .forward(first: many))
                #expect(page.edges.count == many)
              }
            }
          }
          for _ in 0..<20 {
            #expect(try await store.read(nil, routingKey: .all, args: .forward(first: few)).edges.count == few)
          }
          // The writer neither.
          try await store.write([.sample("other")])
          end.set()
          try await group.waitForAll()
        }
      }
    }
  }

  @Test func dropsReadsThatNobodyWaitsForBeforeTheyBegin() async throws {
    try await withLargeEvents { store async throws in
      let (door, others) = (Door(), Door())
      let departure = CancellationFlag()
      read(store, door, first: 1, waitsAt: 1, unless: { departure.isSet })
      await door.awaitRead()
      for _ in 0..<3 { read(store, others, first: 1, unless: { departure.isSet }) }
      read(store, others, first: 1)
      departure.set()
      door.open()
      await door.awaitOutcomes(1)
      await others.awaitOutcomes(4)
      // One that runs is finished.
      #expect(door.outcomes.withLock { $0 } == [.success(1)])
      #expect(others.begun.load(ordering: .relaxed) == 1)
      let codes = others.outcomes.withLock { $0.map { outcome in failure(of: outcome)?.code } }
      #expect(codes == [.unavailable, .unavailable, .unavailable, nil])
    }
  }

  private func failure(of outcome: Result<Int, EventoError>) -> EventoError? {
    if case .failure(let error) = outcome { error } else { nil }
  }

  @Test func dropsAReadWhoseTaskIsCancelledBeforeItBegins() async throws {
    try await withLargeEvents { store async throws in
      let door = Door()
      read(store, door, first: 1, waitsAt: 1)
      await door.awaitRead()
      let cancelled = Task { try await store.read(nil, routingKey: .all, args: .forward(first: 1)) }
      let viewed = Task { [door] in
        try await store.viewPage(
          nil, routingKey: .all, args: .forward(first: 1), into: { Builder(door, waitsAt: nil) })
      }
      let other = Task { try await store.read(nil, routingKey: .all, args: .forward(first: 1)) }
      cancelled.cancel()
      viewed.cancel()
      door.open()
      await expect(.unavailable) { _ = try await cancelled.value }
      await expect(.unavailable) { _ = try await viewed.value }
      #expect(door.begun.load(ordering: .relaxed) == 1)
      #expect(try await other.value.edges.count == 1)
    }
  }

  @Test func answersAllThatWaitOnceWhenTheStoreIsClosed() async throws {
    let (door, waiting) = (Door(), Door())
    try await withLargeEvents { store async throws in
      read(store, door, first: 3, waitsAt: 2)
      await door.awaitRead()
      read(store, door, first: 1, waitsAt: 1)
      await door.awaitRead()
      for _ in 0..<20 {
        read(store, waiting, first: 1)
        read(store, waiting, first: 3)
      }
      async let end: Void = store.close()
      door.open()
      await end
      await expect(.unavailable) { _ = try await store.eventCount() }
      #expect(door.outcomes.withLock { $0.count } == 2)
      let values = waiting.outcomes.withLock { $0.map { try? $0.get() } }
      #expect(values.count { $0 == 1 } == 20 && values.count { $0 == 3 } == 20 && values.count == 40)
    }
  }

  /// A payload that the page has no room for is not read: it does not count towards what a short read may cost.
  @Test(arguments: [true, false]) func aPayloadThatDoesNotFitIsNotRead(isForward: Bool) throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let (symbols, insertBuffer) = (SymbolTable(connection), InsertBuffer(connection))
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    let large = Payload("\"\(String(repeating: "x", count: 2 * ReadAllowance.limit))\"")
    let events = [NewEvent.sample(), .sample(data: large), .sample()]
    _ = try writer.write(events, condition: nil, commitID: 1)
    try insertBuffer.flush()
    let reader = EventReader(
      connection: connection, symbols: symbols,
      limits: PageLimits(events: 1000, bytes: ReadAllowance.limit))
    connection.limitReads()
    connection.allowance?.renew(ReadAllowance.limit)
    let page = try reader.page(nil, .all, isForward ? .forward(first: 3) : .backward(last: 3))
    #expect(page.edges.map(\.node.version) == [isForward ? 1 : 3])
    #expect(page.pageInfo.hasNextPage == isForward && page.pageInfo.hasPreviousPage != isForward)
  }
}
