import Evento
import EventoTesting
import Synchronization
import Testing

/// The checks under faults: right executors pass, and each defect is noticed.
@Suite(.timeLimit(.minutes(1))) struct FaultCheckTests {
  private static var load: FaultLoad {
    var load = FaultLoad(seed: 7)
    load.events = 500
    load.eventsPerWrite = 7
    load.disturbances = 10
    return load
  }

  @Test(arguments: FaultCheck.all) func aRightExecutorPasses(_ check: FaultCheck) async throws {
    let calls = Mutex<[UInt64]>([])
    for _ in 0..<2 {
      try await check.run(on: InMemoryExecutor(), under: Self.load) { random in
        let number = random.next()
        calls.withLock { $0.append(number) }
      }
    }
    let numbers = calls.withLock { $0 }
    #expect(numbers.count == 20 && Set(numbers).count == 10, "a seed repeats its random numbers")
  }

  @Test(arguments: FaultCheck.all) func whatADisturbanceThrowsIsThrown(_ check: FaultCheck) async {
    await #expect(throws: Broken.self) {
      try await check.run(on: InMemoryExecutor(), under: Self.load) { _ in throw Broken() }
    }
  }

  private struct Broken: Error {}

  /// One page among those that are read is wrong.
  @Test(arguments: FaultCheck.all, Fault.allCases) func aDefectIsNoticed(_ check: FaultCheck, _ fault: Fault) async {
    let pages = Mutex(0)
    let executor = Self.executor { page in
      guard page.edges.count > 1 else { return page }
      let number = pages.withLock { number in
        number += 1
        return number
      }
      return number == 2 ? fault.change(page) : page
    }
    let failure = await #expect(throws: ConformanceFailure.self) {
      try await check.run(on: executor, under: Self.load) { _ in }
    }
    #expect(failure?.check == check.name)
  }

  /// No other event comes behind it that shows the gap: behind the 500th, the last one is written when all have arrived.
  @Test(arguments: FaultCheck.all, [500, 501])
  func anEventThatIsLostAtTheEndIsNoticed(_ check: FaultCheck, _ lost: Int) async {
    let executor = Self.executor { page in
      var page = page
      page.edges.removeAll { $0.node.version == lost }
      return page
    }
    let failure = await #expect(throws: ConformanceFailure.self) {
      try await check.run(on: executor, under: Self.load, patience: .seconds(1)) { _ in }
    }
    #expect(failure?.check == check.name)
    #expect(failure?.reason == "\(lost - 1) of 501 events had arrived, and then none for 1.0 seconds")
  }

  /// An executor whose pages are changed on the way to who reads or follows.
  private static func executor(
    _ change: @escaping @Sendable (ReadResult<Event>) -> ReadResult<Event>
  ) -> BrokenExecutor {
    var hooks = Defect.Hooks()
    hooks.read = { store, aggregators, key, args throws in
      change(try await store.read(aggregators, routingKey: key, args: args))
    }
    hooks.events = { store, aggregators, key, start in
      EventSequence(after: start) {
        { (start) throws in
          let count = store.commits?.count ?? 0
          let page = try await store.read(aggregators, routingKey: key, args: .forward(first: 10, after: start))
          if page.edges.isEmpty { await store.commits?.wait(past: count, until: .now + .seconds(1)) }
          return change(page)
        }
      }
    }
    return BrokenExecutor(hooks: hooks)
  }

  enum Fault: CaseIterable {
    case loss, repetition, disorder

    func change(_ page: ReadResult<Event>) -> ReadResult<Event> {
      var page = page
      switch self {
      case .loss: page.edges.removeFirst()
      case .repetition: page.edges.insert(page.edges[0], at: 0)
      case .disorder: page.edges.swapAt(0, 1)
      }
      return page
    }
  }
}
