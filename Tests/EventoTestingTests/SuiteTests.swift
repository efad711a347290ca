import Evento
import EventoTesting
import Synchronization
import Testing

@Suite(.serialized) struct SuiteTests {
  /// An executor of the eight operations alone.
  struct PlainExecutor: Executor {
    let store = InMemoryExecutor()

    func write(_ events: [NewEvent]) async throws -> WriteResult { try await store.write(events) }

    func read(
      _ aggregators: [ReadAggregator]?, routingKey: RoutingKey, args: Args
    ) async throws -> ReadResult<Event> {
      try await store.read(aggregators, routingKey: routingKey, args: args)
    }

    func getSubscriberCursor(_ key: String) async throws -> Cursor? {
      try await store.getSubscriberCursor(key)
    }

    func isSubscriberRunning(_ key: String, workerID: ULID) async throws -> Bool {
      try await store.isSubscriberRunning(key, workerID: workerID)
    }

    func upsertSubscriber(_ key: String, workerID: ULID) async throws -> SubscriberUpsert {
      try await store.upsertSubscriber(key, workerID: workerID)
    }

    func acknowledge(
      _ key: String, cursor: Cursor?, lag: Int, workerID: ULID?
    ) async throws -> Subscriber {
      try await store.acknowledge(key, cursor: cursor, lag: lag, workerID: workerID)
    }

    func getSnapshot(_ key: SnapshotKey) async throws -> Snapshot? { try await store.getSnapshot(key) }

    func saveSnapshot(_ key: SnapshotKey, _ snapshot: Snapshot) async throws {
      try await store.saveSnapshot(key, snapshot)
    }
  }

  /// What needs more is skipped, and nothing else is.
  @Test(arguments: ConformanceCheck.all)
  func theEightOperationsAloneCanBeChecked(_ check: ConformanceCheck) async throws {
    switch try await check.run(on: { body in try await body(PlainExecutor()) }) {
    case .passed: #expect(check.capabilities.isEmpty)
    case .skipped(missing: let capability): #expect(check.capabilities.contains(capability))
    }
  }

  /// It is an operation that says so: an executor may pass another's error on, as one behind a gateway does.
  @Test(arguments: ConformanceCheck.all.filter { !$0.capabilities.isEmpty })
  func whatThrowsNotImplementedIsSkipped(_ check: ConformanceCheck) async throws {
    let refusal = EventoError(.notImplemented, "Not here.")
    var hooks = Defect.Hooks()
    hooks.event = { _, _ throws in throw refusal }
    hooks.subscribers = { _, _, _ throws in throw refusal }
    hooks.deleteSnapshot = { _, _ throws in throw refusal }
    hooks.erase = { _, _, _, _ throws in throw refusal }
    hooks.write = { store, events, condition throws in
      guard condition == nil else { throw refusal }
      return try await store.write(events)
    }
    let executor = BrokenExecutor(hooks: hooks)
    let seen = Mutex(0)
    let outcome = try await check.run { body in
      seen.withLock { $0 += 1 }
      try await body(executor)
    }
    guard check.capabilities != [.commitSignal] else { return #expect(outcome == .passed) }
    #expect(outcome != .passed)
    // It was asked, and no more.
    #expect(seen.withLock { $0 } == 1)
  }

  @Test func mostChecksNeedTheEightOperationsAlone() {
    #expect(ConformanceCheck.all.count { $0.capabilities.isEmpty } >= 80)
    for capability in Capability.allCases {
      #expect(ConformanceCheck.all.contains { $0.capabilities == [capability] })
    }
  }

  @Test func everyCheckHasANameOfItsOwn() {
    let names = ConformanceCheck.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(ConformanceCheck.all.map(\.area)) == Set(ConformanceCheck.Area.allCases))
  }

  @Test func aFailureNamesTheCheckAndTheLine() async throws {
    let check = try #require(ConformanceCheck.all.first { $0.name == "a write without events is missing data" })
    let failure = await #expect(throws: ConformanceFailure.self) {
      try await check.run { body in
        try await body(
          BrokenExecutor(hooks: Defect.Hooks(write: { _, _, _ in WriteResult(events: [], isResend: false) })))
      }
    }
    let text = String(describing: try #require(failure))
    #expect(text.hasPrefix("a write without events is missing data: "))
    #expect(text.contains("is not refused (missing_data)"))
    #expect(failure?.fileID == "EventoTesting/AtomicityChecks.swift")
  }

  @Test func anErrorThatNoCheckExpectsIsAFailure() async throws {
    for check in ConformanceCheck.all where check.area == .writing {
      let hooks = Defect.Hooks(
        write: { _, _, _ throws in throw EventoError(.unavailable, "closed") },
        event: { _, _ throws in throw EventoError(.unavailable, "closed") })
      await #expect(throws: ConformanceFailure.self, "\(check)") {
        try await check.run { body in try await body(BrokenExecutor(hooks: hooks)) }
      }
    }
  }

  @Test func aScopeThatRunsNothingIsAFailure() async throws {
    let check = try #require(ConformanceCheck.all.first)
    await #expect(throws: ConformanceFailure.self) { try await check.run { _ in } }
  }

  @Test func theScopeOfACheckIsLeftInEveryCase() async throws {
    let counts = Mutex((entered: 0, left: 0))
    for check in ConformanceCheck.all where check.area == .reading || check.area == .snapshots {
      for hooks in [Defect.Hooks(), Defect.Hooks(read: { _, _, _, _ throws in throw EventoError.missingData() })] {
        _ = try? await check.run { body in
          counts.withLock { $0.entered += 1 }
          defer { counts.withLock { $0.left += 1 } }
          try await body(BrokenExecutor(hooks: hooks))
        }
      }
    }
    #expect(counts.withLock { $0.entered == $0.left && $0.entered > 100 })
  }

  @Test func wrongClocksDisagreeAndRunBackward() {
    let clocks = (0..<16).map { SkewedClock(seed: $0) }
    let times = clocks.map { clock in (0..<50).map { _ in clock.next() } }
    #expect(Set(times.map { $0[0] }).count > 10)
    for times in times {
      #expect(zip(times, times.dropFirst()).contains { $0 > $1 })
      #expect(zip(times, times.dropFirst()).contains { $0 == $1 })
      #expect(times.allSatisfy { $0.milliseconds >= 0 })
    }
    let again = SkewedClock(seed: 3)
    #expect((0..<50).map { _ in again.next() } == times[3])
  }

  @Test func aManualClockGivesEventsAndSubscribersTheirTime() async throws {
    let clock = ManualClock(Timestamp(seconds: 100))
    let store = InMemoryExecutor { clock.now }
    let event = NewEvent(aggregatorType: "t", aggregatorID: "i", name: "n")
    #expect(try await store.write([event]).events[0].timestamp == Timestamp(seconds: 100))
    clock.advance(milliseconds: -1)
    #expect(try await store.write([event]).events[0].timestamp == Timestamp(seconds: 99, subsecond: 999))
    clock.set(Timestamp(seconds: 7))
    #expect(try await store.upsertSubscriber("s", workerID: ULID()).subscriber.createdAt == Timestamp(seconds: 7))
    clock.advance(milliseconds: 1500)
    let subscriber = try await store.acknowledge("s", cursor: nil)
    #expect(subscriber.createdAt == Timestamp(seconds: 7))
    #expect(subscriber.updatedAt == Timestamp(seconds: 8, subsecond: 500))
  }

  @Test func pagesOfAStoreInMemoryAreBounded() async throws {
    let store = InMemoryExecutor(limits: InMemoryExecutor.PageLimits(events: 10, bytes: 1000))
    try await store.write((0..<25).map { _ in NewEvent(aggregatorType: "t", aggregatorID: "few", name: "n") })
    let page = try await store.read(nil, routingKey: .all, args: .forward(first: 65535))
    #expect(page.edges.count == 10 && page.pageInfo.hasNextPage)
    let sizes = [400, 400, 400, 5000, 400]
    try await store.write(
      sizes.map {
        NewEvent(aggregatorType: "t", aggregatorID: "big", name: "n", data: Payload([UInt8](repeating: 0, count: $0)))
      })
    var pages: [[Int]] = []
    var start = Args.Start.beginning
    while pages.count < 9 {
      let page = try await store.read(
        [ReadAggregator("t", id: "big")], routingKey: .all, args: .forward(after: start))
      pages.append(page.edges.map(\.node.data.bytes.count))
      guard page.pageInfo.hasNextPage, let end = page.pageInfo.endCursor else { break }
      start = .after(end)
    }
    #expect(pages == [[400, 400], [400], [5000], [400]])
  }
}
