public import Evento

/// A requirement for every executor, and its test.
///
/// The checks don't depend on a test library. With Swift Testing, all of them are one test:
///
/// ```swift
/// @Test(arguments: ConformanceCheck.all(for: MyExecutor.self))
/// func conforms(_ check: ConformanceCheck) async throws {
///   try await check.run { body in try await body(MyExecutor()) }
/// }
/// ```
public struct ConformanceCheck: Sendable, CustomStringConvertible {
  /// The subject of a check.
  public enum Area: String, Sendable, Hashable, CaseIterable {
    case writing, content, reading, ordering, following, conditions, subscribers, snapshots, readiness
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

  /// Runs the check.
  ///
  /// - Parameter scope: Creates a fresh executor and ends it.
  /// - Throws: ``ConformanceFailure`` if the executor does not meet the requirement; the errors of `scope`.
  public func run(on scope: @escaping ExecutorScope) async throws {
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
  }

  private func failure(_ reason: String, fileID: String = #fileID, line: Int = #line) -> ConformanceFailure {
    var failure = ConformanceFailure(reason, fileID: fileID, line: line)
    failure.check = name
    return failure
  }
}
