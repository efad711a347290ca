public import Evento

/// One fact that must hold although connections break and processes are killed, and how to find out whether it does.
///
/// Beside an executor it needs somebody who breaks what stands behind it:
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
/// A write that fails fails the check: the executor has to be patient enough to outlast each fault.
public struct FaultCheck: Sendable, CustomStringConvertible {
  /// What must hold, in a sentence. Unique among all checks.
  public let name: String
  /// Receives events until all have arrived, or it is cancelled.
  private let receive: @Sendable (any Executor, Arrivals) async throws -> Void

  init(_ name: String, _ receive: @escaping @Sendable (any Executor, Arrivals) async throws -> Void) {
    self.name = name
    self.receive = receive
  }

  public var description: String { name }

  /// Every check there is.
  public static let all = [followed, handled]

  /// Breaks something; is called again and again, one call at a time, while events flow. The same seed gives each call
  /// the same numbers again.
  public typealias Disturbance = @Sendable (_ random: inout SeededGenerator) async throws -> Void

  /// Finds out whether it holds: somebody writes, somebody receives, somebody disturbs.
  ///
  /// - Parameters:
  ///   - executor: of a store without events.
  ///   - load: how much is written, and how often it is disturbed.
  ///   - patience: how long nothing may arrive before the rest counts as lost; 60 seconds. It has to outlast what
  ///     `disturb` takes, and the pauses that the executor makes before it tries again.
  ///   - disturb: breaks something, and returns when it can work again.
  /// - Throws: ``ConformanceFailure`` where it does not hold; what `disturb` throws.
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
