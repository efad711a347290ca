internal import Evento

/// The environment of a check.
struct ConformanceContext: Sendable {
  /// A fresh, empty executor.
  let executor: any Executor
  private let scope: ConformanceCheck.ExecutorScope

  init(executor: any Executor, scope: @escaping ConformanceCheck.ExecutorScope) {
    self.executor = executor
    self.scope = scope
  }

  /// Runs `body` on another store of the same kind, which is empty and shares nothing with this one.
  func withAnotherStore(_ body: (any Executor) async throws -> Void) async throws {
    try await scope(body)
  }
}
