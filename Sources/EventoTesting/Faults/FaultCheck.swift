public import Evento

/// A requirement that must hold although connections break and processes are killed, and its test.
///
/// Besides an executor, it requires a function that breaks the executor's gateway or connections:
///
/// ```swift
/// @Test(arguments: FaultCheck.all)
/// func holds(_ check: FaultCheck) async throws {
///   try await check.run(on: executor, under: FaultLoad(seed: 1)) { random in
///     if Bool.random(using: &random) { relay.cutAll() } else { try await gateway.killAndRestart() }
///   }
/// }
/// ```
///
/// A failed write fails the check: the executor must retry for long enough to survive each disturbance.
public struct FaultCheck: Sendable, CustomStringConvertible {
  /// The requirement, in a sentence. Unique among all checks.
  public let name: String
  /// Receives events until all have arrived, or it is cancelled.
  private let receive: @Sendable (any Executor, Arrivals) async throws -> Void

  init(_ name: String, _ receive: @escaping @Sendable (any Executor, Arrivals) async throws -> Void) {
    self.name = name
    self.receive = receive
  }

  public var description: String { name }

  /// All checks.
  public static let all = [followed, handled]

  /// Breaks something. It is called repeatedly, one call at a time, while events flow. With the same seed, each call
  /// gets the same random numbers.
  public typealias Disturbance = @Sendable (_ random: inout SeededGenerator) async throws -> Void

  /// Runs the check: one task writes, one receives, and one disturbs.
  ///
  /// - Parameters:
  ///   - executor: The executor of a store without events.
  ///   - load: The number of events and disturbances.
  ///   - patience: The time without an event after which the rest counts as lost; 60 seconds. It must be longer than
  ///     `disturb` takes plus the executor's delays between retries.
  ///   - disturb: Breaks something, and returns when it can work again.
  /// - Throws: ``ConformanceFailure`` if the requirement does not hold; the errors of `disturb`.
  public func run(
    on executor: any Executor, under load: FaultLoad, patience: Duration = .seconds(60), disturb: @escaping Disturbance
  ) async throws {
    let arrivals = Arrivals(of: load.ids)
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { [receive] in try await receive(executor, arrivals) }
        group.addTask { try await load.write(to: executor, arrivals) }
        group.addTask { try await load.disturb(arrivals, disturb) }
        group.addTask { try await arrivals.watch(patience) }
        while try await group.next() != nil {}
      }
    } catch var failure as ConformanceFailure {
      failure.check = name
      throw failure
    } catch let error as EventoError {
      var failure = ConformanceFailure("an unexpected error, \(error)", fileID: #fileID, line: #line)
      failure.check = name
      throw failure
    }
  }
}

extension FaultCheck {
  private static let followed = FaultCheck("a follower gets each event once and in order, whatever breaks") {
    executor, arrivals in
    for try await edge in executor.follow() {
      arrivals.take(edge.node)
      if try arrivals.areComplete() { return }
    }
    try Task.checkCancellation()
    try require(false, "the follower ended before the last event")
  }

  private static let handled = FaultCheck("a subscription handles each event once and in order, whatever breaks") {
    executor, arrivals in
    let subscription = Subscription("reader").acknowledge(every: 50)
      .onAll(FaultLoad.Ledger.self) { event, _ in arrivals.take(event) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        let end = try await subscription.run(on: executor)
        try Task.checkCancellation()
        try require(false, "the subscription ended before the last event: \(end)")
      }
      group.addTask { try await arrivals.wait(for: arrivals.total) }
      try await group.next()
      group.cancelAll()
    }
  }
}
