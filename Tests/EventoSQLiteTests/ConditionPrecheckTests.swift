internal import Dispatch
import Evento
import EventoStorage
import Testing

@testable import EventoSQLite

/// Conditions with many filters, which a reader checks before the write has its turn.
@Suite struct ConditionPrecheckTests {
  /// A condition with filters among others that match nothing: so many that it takes long to check.
  static func condition(_ filters: ReadAggregator..., after cursor: Cursor? = nil) -> WriteCondition {
    let others = (filters.count..<120).map { ReadAggregator("absent-\($0)", name: "Never") }
    return WriteCondition(failIfEventsMatch: filters + others, after: cursor)
  }

  static let opened = ReadAggregator("bank/Account", name: "Opened")

  @Test(arguments: [false, true]) func aConditionLooksOnlyBehindItsCursor(inMemory: Bool) async throws {
    try await withStore(inMemory: inMemory) { store in
      let first = try await store.write([.sample("a", "Opened")]).events[0]
      await expect(.conditionFailed) { try await store.write([.sample("b")], condition: Self.condition(Self.opened)) }
      let since = Self.condition(Self.opened, after: first.cursor)
      // Near enough to the end for the log to be read, and far enough for the indexes to be asked.
      for count in [1, 1000] {
        try await store.write((0..<count).map { .sample("n\($0)", "Other") })
        try await store.write([.sample("b", "Other")], condition: since)
      }
      try await store.write([.sample("c", "Opened")], condition: since)
      await expect(.conditionFailed) { try await store.write([.sample("d")], condition: since) }
      #expect(try await store.eventCount() == 1005)
    }
  }

  /// The order of the checks: docs/http-api.md §3.5.
  @Test(arguments: [false, true]) func aKnownMatchIsReportedInItsTurn(inMemory: Bool) async throws {
    let foreign = try await withStore { try await $0.write([.sample()]).events[0].cursor }
    try await withStore(inMemory: inMemory) { store in
      let id = ULID()
      let stored = NewEvent.sample("a", "Opened", id: id)
      let written = try await store.write([stored])
      let matching = Self.condition(Self.opened)
      let again = try await store.write([stored], condition: matching)
      #expect(again.isResend && again.events == written.events)
      await expect(.duplicateEventID) { try await store.write([.sample("a", "Closed", id: id)], condition: matching) }
      await expect(.invalidOriginalVersion) { try await store.write([.sample("a", version: 1)], condition: matching) }
      await expect(.conditionFailed) { try await store.write([.sample("a", version: 2)], condition: matching) }
      let elsewhere = Self.condition(Self.opened, after: foreign)
      #expect(try await store.write([stored], condition: elsewhere).isResend)
      await expect(.cursorNotInHistory) { try await store.write([.sample("a", version: 1)], condition: elsewhere) }
      #expect(try await store.eventCount() == 1)
    }
  }

  @Test func oneOfManyWritersWinsOnOneStoreAndOnTwo() async throws {
    let folder = try TestFolder()
    var configuration = SQLiteConfiguration()
    configuration.busyTimeout = .seconds(60)
    let stores = [
      try await SQLiteExecutor.open(folder.file(), configuration: configuration),
      try await SQLiteExecutor.open(folder.file(), configuration: configuration),
    ]
    for round in 0..<40 {
      let condition = Self.condition(ReadAggregator("bank/Account", name: "Round\(round)"))
      // In every fourth round, so much commits beside them that the log is not read itself.
      let others = round % 4 == 3 ? 1000 : 1
      let outcomes = await withTaskGroup(of: EventoError?.self) { group in
        for number in 0..<16 {
          let store = stores[round % 2 == 0 ? 0 : number % 2]
          group.addTask {
            await failure {
              if number % 4 == 1 { try await store.write((0..<others).map { .sample("o\($0)", "Other") }) }
              try await store.write([.sample("w\(number)", "Round\(round)")], condition: condition)
            }
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.count { $0 == nil } == 1)
      #expect(outcomes.allSatisfy { $0 == nil || $0?.code == .conditionFailed }, "\(outcomes)")
    }
    for store in stores { await store.close() }
  }

  /// A matching event, and any number of others before it, that commits after the reader's look and before the writer's
  /// turn.
  @Test(arguments: [0, 5, 1000]) func whatCommitsAfterTheLookCounts(others: Int) async throws {
    try await withStore { store in
      try await store.write([.sample("before", "Other")])
      try await withThrowingTaskGroup(of: Void.self) { group in
        let (isHeld, held) = AsyncStream.makeStream(of: Void.self)
        let release = DispatchSemaphore(value: 0)
        group.addTask {
          // On the writer's thread, which may be blocked.
          try await store.writer.perform { _ in
            held.finish()
            release.wait()
          }
        }
        for await _ in isHeld {}
        // The looks find none of what waits for the writer.
        group.addTask {
          try await store.write((0..<others).map { .sample("o\($0)", "Other") } + [.sample("a", "Opened")])
        }
        while store.writer.metrics.waitingWrites < 1 { await Task.yield() }
        // Large, so that they stand in one line with the one before.
        let data = others > 200 ? Payload("\"\(String(repeating: "x", count: 1_000_000))\"") : Payload("1")
        group.addTask {
          await expect(.conditionFailed) {
            try await store.write([.sample("b", data: data)], condition: Self.condition(Self.opened))
          }
        }
        group.addTask {
          try await store.write(
            [.sample("c", data: data)], condition: Self.condition(ReadAggregator("bank/Account", name: "Closed")))
        }
        while store.writer.metrics.waitingWrites < 3 { await Task.yield() }
        release.signal()
        try await group.waitForAll()
      }
      #expect(try await store.eventCount() == others + 3)
    }
  }

  /// A condition that takes long does not take the writer's time: while it can't be checked, other writes go on.
  @Test func otherWritesDoNotWaitForACondition() async throws {
    try await withStore { store in
      try await store.write([.sample("before", "Other")])
      let release = DispatchSemaphore(value: 0)
      let prechecks = try #require(store.prechecks)
      // On the thread of the connection for conditions, which may be blocked.
      prechecks.pool.submit(ClosureJob(completion: { _ in }) { _ in release.wait() })
      let (answers, answer) = AsyncStream.makeStream(of: Result<WriteResult, EventoError>.self)
      store.write([.sample("a")], condition: Self.condition(Self.opened), unless: { false }) { answer.yield($0) }
      let other = try await store.write([.sample("b", "Other")]).events[0]
      release.signal()
      var iterator = answers.makeAsyncIterator()
      let last = try #require(try await iterator.next()?.get().events.first)
      let log = try await store.everything()
      #expect(log.map(\.cursor).suffix(2) == [other.cursor, last.cursor])
    }
  }

  /// Each is answered once, and has done what it says.
  @Test func aStoreThatClosesAnswersEveryWrite() async throws {
    let folder = try TestFolder()
    for _ in 0..<10 {
      let store = try await SQLiteExecutor.open(folder.file())
      let before = try await store.eventCount()
      let written = try await withThrowingTaskGroup(of: Bool.self) { group in
        for number in 0..<50 {
          group.addTask {
            let error = await failure {
              try await store.write([.sample("w\(number)", "Other")], condition: Self.condition(Self.opened))
            }
            guard let error else { return true }
            #expect(error.code == .unavailable)
            return false
          }
        }
        try await store.write([.sample("a", "Other")])
        await store.close()
        return try await group.reduce(1) { $0 + ($1 ? 1 : 0) }
      }
      let again = try await SQLiteExecutor.open(folder.file())
      #expect(try await again.eventCount() == before + written)
      await again.close()
    }
  }

  /// What is left to the writer is to look at what has committed since:
  /// https://sqlite.org/c3ref/c_stmtstatus_counter.html
  @Test func theWriterAsksNoIndexes() async throws {
    try await withStore { store in
      // More than are looked at one by one.
      for _ in 0..<3 { try await store.write((0..<1000).map { .sample("a", "N\($0 % 40)", type: "t\($0 % 100)") }) }
      let condition = WriteCondition(failIfEventsMatch: (0..<200).map { ReadAggregator("t\($0)", name: "Never") })
      try await store.write([.sample("b")], condition: condition)
      let before = try await store.writer.perform { runs(on: $0.connection) }
      try await store.write([.sample("b")], condition: condition)
      let after = try await store.writer.perform { runs(on: $0.connection) }
      #expect(after - before < 40)
    }
  }

  /// While hundreds of writes with such conditions wait, each of them finds the events of those before it.
  @Test func theWriterAsksNoIndexesBehindAFewHundredEvents() throws {
    let connection = try Connection(path: ":memory:", busyTimeout: .zero)
    try Schema.prepare(connection, path: ":memory:", isInMemory: true)
    let (symbols, insertBuffer) = (SymbolTable(connection), InsertBuffer(connection))
    let writer = EventWriter(
      connection: connection, symbols: symbols, headCache: HeadCache(), insertBuffer: insertBuffer,
      now: { Timestamp(milliseconds: 0) })
    _ = try writer.write(
      (0..<1000).map { .sample("a", "N\($0 % 40)", type: "t\($0 % 16)") }, condition: nil, commitID: 1)
    _ = try writer.write((0..<250).map { _ in .sample("b", "Other") }, condition: nil, commitID: 1)
    try insertBuffer.flush()
    let condition = WriteCondition(failIfEventsMatch: (0..<16).map { ReadAggregator("t\($0)") })
    let check = ConditionCheck(connection: connection, symbols: symbols, condition: condition)
    let before = runs(on: connection)
    #expect(try !check.hasMatch(after: 1000, end: 1250))
    #expect(runs(on: connection) - before < 10)
    #expect(try check.hasMatch(after: 900, end: 1250))
  }

  /// A type or a long aggregate can take 33 times as many index scans as a name.
  @Test func whatTakesLongIsLeftToAReader() {
    func isNeeded(_ filters: [ReadAggregator]) -> Bool {
      ConditionPrecheck.isNeeded(for: WriteCondition(failIfEventsMatch: filters))
    }
    #expect(!isNeeded([ReadAggregator("t")]))
    #expect(!isNeeded([ReadAggregator("t", id: "a", name: "n")]))
    #expect(!isNeeded((0..<40).map { ReadAggregator("t", id: "\($0)") }))
    #expect(isNeeded([ReadAggregator("t"), ReadAggregator("u")]))
    #expect(isNeeded((0..<41).map { ReadAggregator("t", name: "\($0)") }))
  }
}
