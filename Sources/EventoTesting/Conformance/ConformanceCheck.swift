public import Evento

/// A requirement for every executor, and its test.
///
/// The checks don't depend on a test library. With Swift Testing, all of them are one test:
///
/// ```swift
/// @Test(arguments: ConformanceCheck.all)
/// func conforms(_ check: ConformanceCheck) async throws {
///   try await check.run { body in try await body(MyExecutor()) }
/// }
/// ```
///
/// A check that needs an operation which the executor does not have is skipped: see ``Outcome``.
public struct ConformanceCheck: Sendable, CustomStringConvertible {
  /// The subject of a check.
  public enum Area: String, Sendable, Hashable, CaseIterable {
    case writing, content, reading, ordering, following, conditions, subscribers, snapshots, erasure, readiness
  }

  /// The requirement, in a sentence. Unique among all checks.
  public let name: String
  public let area: Area
  /// The capabilities that the executor requires.
  public let capabilities: Set<Capability>
  private let body: @Sendable (ConformanceContext) async throws -> Void

  init(
    _ name: String, _ area: Area, needs capabilities: Set<Capability> = [],
    body: @escaping @Sendable (ConformanceContext) async throws -> Void
  ) {
    self.name = name
    self.area = area
    self.capabilities = capabilities
    self.body = body
  }

  public var description: String { "\(area.rawValue): \(name)" }

  /// Creates a fresh, empty executor, runs `body` on it, and cleans up, also if `body` throws.
  ///
  /// A check may use two stores at once, by nesting two scopes. They must share nothing.
  public typealias ExecutorScope =
    @Sendable (_ body: (any Executor) async throws -> Void) async throws -> Void

  /// The outcome of a check that does not fail.
  public enum Outcome: Sendable, Hashable {
    case passed
    /// The executor throws `not_implemented` for an operation that the check needs.
    case skipped(missing: Capability)
  }

  /// Runs the check.
  ///
  /// If the check is skipped, it prints a line to standard output.
  ///
  /// - Parameter scope: Creates a fresh executor and ends it.
  /// - Throws: ``ConformanceFailure`` if the executor does not meet the requirement; the errors of `scope`.
  @discardableResult
  public func run(on scope: @escaping ExecutorScope) async throws -> Outcome {
    if let capability = try await missingCapability(scope) {
      print("Skipped \"\(name)\": the executor does not implement \(capability.rawValue).")
      return .skipped(missing: capability)
    }
    var hasRun = false
    try await scope { executor in
      hasRun = true
      do {
        try await body(ConformanceContext(executor: executor, scope: scope))
      } catch var failure as ConformanceFailure {
        failure.check = name
        throw failure
      } catch let error as EventoError {
        throw failure("an unexpected error, \(error)")
      }
    }
    if !hasRun { throw failure("the scope ended without running the check") }
    return .passed
  }

  /// Tries the capabilities on separate stores, so that the check gets an unused one.
  private func missingCapability(_ scope: ExecutorScope) async throws -> Capability? {
    for capability in Capability.allCases where capabilities.contains(capability) {
      var isOffered = true
      try await scope { executor in isOffered = await capability.isOffered(by: executor) }
      if !isOffered { return capability }
    }
    return nil
  }

  private func failure(_ reason: String, fileID: String = #fileID, line: Int = #line) -> ConformanceFailure {
    var failure = ConformanceFailure(reason, fileID: fileID, line: line)
    failure.check = name
    return failure
  }
}

extension ConformanceCheck {
  /// All checks.
  public static let all: [ConformanceCheck] =
    atomicityChecks + versionChecks + resendChecks + identifierChecks + formChecks + routingKeyChecks
    + payloadChecks + metadataChecks + unicodeChecks + filterChecks + routingKeyReadChecks
    + forwardPageChecks + backwardPageChecks + emptyPageChecks + nowChecks + cursorChecks + orderChecks + tailChecks
    + commitSignalChecks + followChecks
    + conditionChecks + subscriberChecks + acknowledgeChecks + directoryChecks
    + snapshotChecks + snapshotRemovalChecks + erasureChecks + readinessChecks
}
